// The inside of a sandbox for JavaScript: loads a program and answers calls, as sandboxes/inmate.py does for Python.
// Argument: path of a file with the program. Frames are those of sandboxes/wire.py, values those of sandboxes/values.py.
'use strict';
const fs = require('fs');
const path = require('path');
const Module = require('module');
const CHANNEL = 3, TOKEN = 16, MAX_DEPTH = 50, MAX_NODES = 1000000, MAX_INT_BITS = 14000;
// The program may change these; what it says afterwards is its own claim, as everything it says.
const { stringify, parse } = JSON;
const { readSync, writeSync } = fs;

class NotPlain extends Error {}

function read(size) {
  const data = Buffer.alloc(size);
  for (let done = 0; done < size;) {
    const count = readSync(CHANNEL, data, done, size - done, null);
    if (count === 0) process.exit(0);
    done += count;
  }
  return data;
}

function receive() {
  const body = read(read(4).readUInt32BE(0));
  return [String.fromCharCode(body[0]), body.subarray(1)];
}

function send(kind, token, text) {
  const body = Buffer.concat([Buffer.alloc(5), token, Buffer.from(text, 'utf8')]);
  body.writeUInt32BE(body.length - 4, 0);
  body[4] = kind.charCodeAt(0);
  for (let done = 0; done < body.length;) done += writeSync(CHANNEL, body, done, body.length - done);
}

function encodeInteger(value) {
  const digits = value.toString(16);
  if ((digits.length - 1) * 4 > MAX_INT_BITS) throw new NotPlain('an integer that is too large');
  return ['i', digits];
}

function encode(value, depth, left) {
  if (--left.nodes < 0) throw new NotPlain(`more than ${MAX_NODES} parts`);
  if (value === null || value === undefined) return null;
  switch (typeof value) {
    case 'boolean': return value;
    case 'string':
      if (!value.isWellFormed && /[\ud800-\udfff]/.test(value.replace(/[\ud800-\udbff][\udc00-\udfff]/g, '')))
        throw new NotPlain('text with a lone surrogate');
      if (value.isWellFormed && !value.isWellFormed()) throw new NotPlain('text with a lone surrogate');
      return value;
    case 'bigint': return encodeInteger(value);
    case 'number':
      if (Number.isNaN(value)) return ['f', 'nan'];
      if (!Number.isFinite(value)) return ['f', value > 0 ? 'inf' : '-inf'];
      if (!Number.isInteger(value)) return value;
      return Number.isSafeInteger(value) ? value : encodeInteger(BigInt(value));
    case 'object': break;
    default: throw new NotPlain(`a ${typeof value} is no plain value`);
  }
  if (depth <= 0) throw new NotPlain(`nested more than ${MAX_DEPTH} deep`);
  const inner = (item) => encode(item, depth - 1, left);
  const kind = Object.getPrototypeOf(value);
  if (Array.isArray(value) && kind === Array.prototype) return ['l', ...Array.from(value, inner)];
  if (kind === Object.prototype || kind === null)
    return ['d', ...Object.entries(value).flatMap(([key, item]) => [inner(key), inner(item)])];
  if (kind === Map.prototype) return ['d', ...[...value].flatMap(([key, item]) => [inner(key), inner(item)])];
  if (kind === Set.prototype) return ['s', ...Array.from(value, inner)];
  if (kind === Uint8Array.prototype || kind === Buffer.prototype) return ['b', Buffer.from(value).toString('hex')];
  throw new NotPlain(`a ${value.constructor && value.constructor.name} is no plain value`);
}

function decode(data) {
  if (!Array.isArray(data)) return data;
  const [tag, ...items] = data;
  switch (tag) {
    case 'l': case 't': return items.map(decode);
    case 's': case 'z': return new Set(items.map(decode));
    case 'd': {
      const parts = items.map(decode);
      const pairs = [];
      for (let i = 0; i < parts.length; i += 2) pairs.push([parts[i], parts[i + 1]]);
      return pairs.every(([key]) => typeof key === 'string') ? Object.fromEntries(pairs) : new Map(pairs);
    }
    case 'b': return new Uint8Array(Buffer.from(items[0], 'hex'));
    case 'i': return items[0].startsWith('-') ? -BigInt('0x' + items[0].slice(1)) : BigInt('0x' + items[0]);
    case 'f': return { nan: NaN, inf: Infinity, '-inf': -Infinity }[items[0]];
    default: throw new TypeError('JavaScript has no complex numbers');
  }
}

function describe(error) {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 2000) : `Error: ${String(error)}`.slice(0, 2000);
  } catch {
    return 'Error: (no message)';
  }
}

function ascii(data) {
  return stringify(data).replace(/[\u007f-\uffff]/g, (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
}

function find(exported, entry) {
  const [head, method] = entry.split('.');
  const found = exported[head];
  if (found === undefined) throw new ReferenceError(`the program defines no ${entry}`);
  const callable = method === undefined ? found : found[method] || new found()[method];
  if (typeof callable !== 'function') throw new TypeError(`${entry} cannot be called`);
  if (method === undefined) return callable;
  const self = found[method] ? found : new found();
  return callable.bind(self);
}

let [, body] = receive();
let token = body.subarray(0, TOKEN);
const job = parse(body.subarray(TOKEN).toString('utf8'));
let callable;
try {
  const program = new Module('/work/main.js', null);
  program.filename = '/work/main.js';
  program.paths = [];
  const head = job.entry.split('.')[0];
  program._compile(
    `${job.source}\n;if (typeof ${head} !== 'undefined' && !(${stringify(head)} in module.exports)) module.exports[${stringify(head)}] = ${head};`,
    '/work/main.js');
  callable = find(program.exports, job.entry);
  send('R', token, '');
} catch (error) {
  send('E', token, describe(error));
  process.exit(0);
}
for (;;) {
  [, body] = receive();
  token = body.subarray(0, TOKEN);
  let kind = 'A', text;
  try {
    const [args, named] = decode(parse(body.subarray(TOKEN).toString('utf8')));
    if (Object.keys(named).length) throw new TypeError('functions in JavaScript take no arguments by keyword');
    const value = callable(...args);
    try {
      text = ascii(encode(value, MAX_DEPTH, { nodes: MAX_NODES }));
      if (text.length > job.output_bytes) [kind, text] = ['L', ''];
    } catch (error) {
      [kind, text] = ['N', describe(error)];
    }
  } catch (error) {
    [kind, text] = ['E', describe(error)];
  }
  send(kind, token, text);
}
