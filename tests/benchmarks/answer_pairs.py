r"""Pairs of answers with the label that a mathematician gives them, by category.

One pair a line: ``<=>`` where the two are the same answer, ``<!>`` where they are not. No pair needs a policy: what
depends on one (is ``50%`` right where 50 was expected?) is left out.
"""

from __future__ import annotations

import re
from math import comb
from typing import NamedTuple

__all__ = ["PAIRS", "Pair"]


class Pair(NamedTuple):
    """Two answers and whether they are the same."""

    category: str
    first: str
    second: str
    same: bool


_TABLE = r"""
# integers and thousands
1,234  <=>  1234
12,345,678  <=>  12345678
10,\!080  <=>  10080
14{,}916  <=>  14916
1 000  <=>  1000
-5  <=>  -5
2^{10}  <=>  1024
7!  <=>  5040
3\cdot 4+5  <=>  17
+8  <=>  8
007  <=>  7
42.0  <=>  42
1,234  <!>  1.234
10,\!080  <!>  10800
-5  <!>  5
2^{10}  <!>  1000
7!  <!>  5039
1000000007  <!>  1000000009
123456789012345678901  <!>  123456789012345678902
12,345  <!>  12.345
0  <!>  -1
99  <!>  100
6!  <!>  3!
2^{64}  <!>  2^{64}-1
# fractions and decimals
\frac{1}{2}  <=>  0.5
\dfrac{6}{4}  <=>  \frac32
\frac{14}{3}  <=>  14/3
-\frac{35}{9}  <=>  \frac{-35}{9}
-\frac{35}{9}  <=>  \frac{35}{-9}
0.125  <=>  1/8
.5  <=>  \tfrac12
0.\overline{3}  <=>  \frac13
0.1\overline{6}  <=>  \frac16
2½  <=>  2.5
\frac{1}{1+\frac{1}{2}}  <=>  \frac23
\frac{2}{4}+\frac14  <=>  0.75
0.333  <!>  \frac13
0.33333333  <!>  1/3
\frac{1}{2^{99}}  <!>  \frac{1}{2^{98}}
1/3^{50}  <!>  1/3^{51}
\frac{22}{7}  <!>  3.142857
\frac{14}{3}  <!>  \frac{3}{14}
0.1  <!>  0.01
\frac{35}{9}  <!>  -\frac{35}{9}
0.5000001  <!>  0.5
\frac{17}{50}  <!>  0.35
\frac{355}{113}  <!>  \frac{22}{7}
1-10^{-40}  <!>  1
# mixed numbers, percent, scientific notation
2\frac{1}{2}  <=>  \frac52
-3\frac{1}{4}  <=>  -3.25
4 4/9  <=>  40/9
11 5/6  <=>  71/6
50\%  <=>  \frac12
12.5%  <=>  0.125
28 percent  <=>  28\%
6.72\times 10^{-5}  <=>  0.0000672
1.5e3  <=>  1500
3\cdot 10^8  <=>  300000000
2.50 \times 10^2  <=>  250
0.1\%  <=>  0.001
2\frac{1}{2}  <!>  1
-3\frac{1}{4}  <!>  -2.75
4 4/9  <!>  4
11 5/6  <!>  115/6
50\%  <!>  5
12.5%  <!>  1.25
6.72\times 10^{-5}  <!>  6.72\times 10^{-4}
1.5e3  <!>  1.5e-3
3\cdot 10^8  <!>  30^8
2.5\times 10^2  <!>  25
100\%  <!>  100
7\frac{2}{3}  <!>  \frac{14}{3}
# radicals
\sqrt{8}  <=>  2\sqrt2
\frac{1}{\sqrt{2}}  <=>  \frac{\sqrt2}{2}
\sqrt{12}+\sqrt{27}  <=>  5\sqrt{3}
\frac{1+\sqrt5}{2}  <=>  \frac{2}{\sqrt5-1}
\sqrt{3+2\sqrt2}  <=>  1+\sqrt2
\sqrt[3]{54}  <=>  3\sqrt[3]{2}
\sqrt{4-2\sqrt{3}}  <=>  \sqrt3-1
\sqrt[3]{2+\sqrt5}+\sqrt[3]{2-\sqrt5}  <=>  1
8^{2/3}  <=>  4
\sqrt{\frac{4}{9}}  <=>  \frac23
\sqrt{2}\sqrt{3}  <=>  \sqrt6
(\sqrt{5}-\sqrt{2})(\sqrt{5}+\sqrt{2})  <=>  3
11\sqrt2  <=>  \sqrt{242}
\sqrt{8}  <!>  4\sqrt2
\sqrt{2}+\sqrt{3}  <!>  \sqrt5
\sqrt{2}  <!>  1.41421356237
\frac{1+\sqrt5}{2}  <!>  \frac{1-\sqrt5}{2}
\sqrt{3+2\sqrt2}  <!>  1-\sqrt2
\sqrt[3]{54}  <!>  3\sqrt{2}
\sqrt{10^{12}+1}  <!>  10^6
3\sqrt{13}  <!>  13\sqrt{3}
\sqrt{16+9}  <!>  7
\sqrt{2}^{\sqrt2}  <!>  2
\sqrt{1000001}-\sqrt{1000000}  <!>  0.0005
4\sqrt[4]{2}  <!>  \sqrt[4]{500}
# constants: pi, e, logarithms
2\pi  <=>  \pi+\pi
288\pi  <=>  \pi\cdot 288
\ln 8  <=>  3\ln 2
\log_2 8  <=>  3
\log_{10} 1000  <=>  3
e^{\ln 5}  <=>  5
\ln e^2  <=>  2
\log_4 8  <=>  \frac32
\frac{\ln 9}{\ln 3}  <=>  2
\ln\frac12  <=>  -\ln 2
\log_3 5\cdot\log_5 3  <=>  1
e^{2\ln 3}  <=>  9
\pi  <!>  3.14159265358979
\pi  <!>  \frac{22}{7}
\ln 8  <!>  2\ln 3
\log_2 8  <!>  \log_8 2
e  <!>  2.718281828
e^{\pi}  <!>  \pi^e
e^{\pi\sqrt{163}}  <!>  262537412640768744
2\pi  <!>  \pi^2
\ln(2+3)  <!>  \ln 2+\ln 3
\log_{10} 5  <!>  \ln 5
288\pi  <!>  288
\frac{\pi}{4}  <!>  \frac{4}{\pi}
# polynomials
(x+1)^2  <=>  x^2+2x+1
(a+5)(b+2)  <=>  ab+2a+5b+10
x^2-y^2  <=>  (x-y)(x+y)
x^5-x^4+x^3-x^2+x-1  <=>  (x-1)(x^4+x^2+1)
-13x+3  <=>  3-13x
(x+y+z)^2  <=>  x^2+y^2+z^2+2xy+2yz+2zx
2(x-3)  <=>  2x-6
p-q  <=>  -(q-p)
x(x+1)(x+2)  <=>  x^3+3x^2+2x
(x-1)^3  <=>  x^3-3x^2+3x-1
\frac{x}{2}+\frac{x}{3}  <=>  \frac{5x}{6}
(2k+2)  <=>  2(k+1)
(x+1)^2  <!>  x^2+1
(a+5)(b+2)  <!>  (+5)(b+2)
x+2n+1  <!>  x+1
x^2-y^2  <!>  (x-y)^2
-13x+3  <!>  13x+3
x^3+3x-6  <!>  x^3-3x-6
2(x-3)  <!>  2x-3
xy  <!>  x+y
x^2  <!>  2x
(x+y)^3  <!>  x^3+y^3
ab^2  <!>  a^2b
x^{100}+1  <!>  x^{99}+1
# large polynomials
# rational functions
\frac{x^2-1}{x-1}  <=>  x+1
\frac{x+2}{7}  <=>  \frac{x}{7}+\frac27
\frac{1}{x}+\frac{1}{y}  <=>  \frac{x+y}{xy}
\frac{1}{x-1}-\frac{1}{x+1}  <=>  \frac{2}{x^2-1}
\frac{\pi r}{h+r}  <=>  \frac{r\pi}{r+h}
x^{-2}  <=>  \frac{1}{x^2}
\frac{a/b}{c/d}  <=>  \frac{ad}{bc}
\frac{x^3+1}{x+1}  <=>  x^2-x+1
\frac{n(n+1)}{2}  <=>  \frac{n^2+n}{2}
1-\frac{1}{n+1}  <=>  \frac{n}{n+1}
\frac{x+2}{7}  <!>  \frac{x}{7}+2
\frac{1}{x}+\frac{1}{y}  <!>  \frac{1}{x+y}
\frac{1}{x-1}-\frac{1}{x+1}  <!>  \frac{2}{x^2+1}
\frac{x^2+1}{x+1}  <!>  x+1
x^{-2}  <!>  -x^2
\frac{a/b}{c}  <!>  \frac{ac}{b}
\frac{n(n+1)}{2}  <!>  \frac{n(n-1)}{2}
\frac{2x+4}{2}  <!>  x+4
\frac{1}{1-x}  <!>  1+x+x^2+x^3
\frac{x^{50}-1}{x-1}  <!>  x^{49}+x^{48}+1
# identities with roots, powers, absolute values
\sqrt{x^2}  <=>  |x|
\left|x-3\right|  <=>  |3-x|
\frac{1}{3\sqrt[3]{x}^2}  <=>  \frac{1}{3x^{2/3}}
2^{x+1}  <=>  2\cdot 2^x
e^{2x}  <=>  (e^x)^2
\frac{1}{\sqrt{x}+1}  <=>  \frac{\sqrt{x}-1}{x-1}
|xy|  <=>  |x||y|
4^x  <=>  2^{2x}
e^{x}e^{y}  <=>  e^{x+y}
\sqrt{x^4+2x^2+1}  <=>  x^2+1
\sqrt{x^2}  <!>  x
|x+y|  <!>  |x|+|y|
\sqrt{x+y}  <!>  \sqrt{x}+\sqrt{y}
2^{x+1}  <!>  2^x+2
e^{2x}  <!>  e^{x^2}
(2x)^2  <!>  2x^2
x^{1/2}  <!>  x^{1/3}
|x|  <!>  -x
4^x  <!>  2^{x^2}
2^{-x}  <!>  -2^x
\sqrt{x^2+1}  <!>  x+1
# trigonometry and hyperbolic functions
\sin^2 x+\cos^2 x  <=>  1
\sin 2x  <=>  2\sin x\cos x
\tan^2(y)+1  <=>  \sec^2(y)
\cot x  <=>  \frac{\cos x}{\sin x}
\cos 2x  <=>  1-2\sin^2 x
\sin(\pi-x)  <=>  \sin x
\sin\frac{\pi}{6}  <=>  \frac12
\cos 15^\circ  <=>  \frac{\sqrt6+\sqrt2}{4}
2\sin b\cos a  <=>  \sin(a+b)-\sin(a-b)
\cosh^2 x-\sinh^2 x  <=>  1
\arctan 1  <=>  \frac{\pi}{4}
\sin^{-1}(1)  <=>  \frac{\pi}{2}
\tan 75^\circ  <=>  2+\sqrt3
\sin^2 x-\cos^2 x  <!>  1
\sin 2x  <!>  2\sin x
\tan^2(y)-1  <!>  \sec^2(y)
\cot x  <!>  \frac{\sin x}{\cos x}
\cos 2x  <!>  2\cos x
\sin(\pi+x)  <!>  \sin x
\sin\frac{\pi}{6}  <!>  \frac{\sqrt3}{2}
\cos 15^\circ  <!>  \frac{\sqrt6-\sqrt2}{4}
2\sin b\cos a  <!>  2\sin a\cos b
\sin x  <!>  x-\frac{x^3}{6}
\arctan x  <!>  \frac{1}{\tan x}
\cosh x  <!>  \cos x
# complex numbers
6-5i  <=>  -5i+6
(1+i)^2  <=>  2i
\frac{1}{i}  <=>  -i
i^2  <=>  -1
\frac{1+i}{1-i}  <=>  i
|3+4i|  <=>  5
e^{i\pi}  <=>  -1
\sqrt{-4}  <=>  2i
(2+3i)(2-3i)  <=>  13
1+274i  <=>  274i+1
\frac{-1+i\sqrt3}{2}  <=>  e^{2\pi i/3}
6-5i  <!>  6+5i
(1+i)^2  <!>  2
\frac{1}{i}  <!>  i
i^3  <!>  i
|3+4i|  <!>  7
2i  <!>  2
1+274i  <!>  274+i
e^{i\pi}  <!>  1
-2+7i  <!>  2-7i
(2+3i)(2-3i)  <!>  4-9i
\frac{-1+i\sqrt3}{2}  <!>  \frac{-1-i\sqrt3}{2}
# solutions and sets
x=2 \text{ or } x=3  <=>  3, 2
\{1,2,3\}  <=>  \{3,1,2\}
\{1,1,2\}  <=>  \{2,1\}
x=5  <=>  5
1,-2  <=>  -2,1
1\pm\sqrt{19}  <=>  1+\sqrt{19},1-\sqrt{19}
x=\pm 3  <=>  \{3,-3\}
\{1\pm\sqrt5,-2\}  <=>  \{-2,1+\sqrt5,1-\sqrt5\}
12\text{ and }13  <=>  13, 12
\emptyset  <=>  \text{no solution}
\{\}  <=>  \varnothing
3, 5, 7  <=>  7; 5; 3
\{\frac12, 0.25\}  <=>  \{\frac14,\frac12\}
y = 2x+1  <=>  2x+1
f(x)=x^2  <=>  x^2
k=\frac13  <=>  1/3
x=2 \text{ or } x=3  <!>  x=2
\{1,2,3\}  <!>  \{1,2\}
\{1,2\}  <!>  \{1,3\}
x=5  <!>  y=5
1,-2  <!>  -1,2
1\pm\sqrt{19}  <!>  1+\sqrt{19}
x=\pm 3  <!>  3
\emptyset  <!>  0
\emptyset  <!>  \{0\}
3, 5, 7  <!>  3, 5, 7, 9
\{1\pm\sqrt5,-2\}  <!>  \{1\pm\sqrt5,2\}
\text{no solution}  <!>  \text{all real numbers}
2,3  <!>  6
x=1,y=2  <!>  x=2,y=1
# points, tuples, vectors
\left( 3, \frac{\pi}{2} \right)  <=>  (3,\pi/2)
(-2,1)  <=>  (-2, 1)
(1,\frac{9}{2})  <=>  (1,4.5)
(6,31,-1)  <=>  (6, 31, -1)
(x,y)=(1,2)  <=>  x=1, y=2
(1,2),(3,4)  <=>  (3,4), (1,2)
\{(0,0),(1,1)\}  <=>  \{(1,1),(0,0)\}
(\pm 1,0)  <=>  (1,0),(-1,0)
\langle 1,2,3\rangle  <=>  (1,2,3)
\left(\frac{3}{2},-13\right)  <=>  (1.5,-13)
(\sqrt8,1)  <=>  (2\sqrt2,1)
2:3  <=>  4:6
x=1,y=2 \text{ or } x=3,y=4  <=>  (3,4),(1,2)
(-2,1)  <!>  (1,-2)
(6,31,-1)  <!>  (6,31,1)
(1,2)  <!>  (1,2,3)
(1,2),(3,4)  <!>  (1,4),(3,2)
\{(0,0),(1,1)\}  <!>  \{(0,1),(1,0)\}
(x,y)=(1,2)  <!>  x=2,y=1
(3,\frac{\pi}{2})  <!>  (3,\frac{\pi}{3})
2:3  <!>  3:2
(0,0)  <!>  0
x=1,y=2 \text{ or } x=3,y=4  <!>  x=1,y=4 \text{ or } x=3,y=2
\langle 1,2\rangle  <!>  \langle 2,1\rangle
(\pm 1,0)  <!>  (1,0)
# intervals and unions
(3,4]  <=>  3 < x \le 4
[0,1)  <=>  \left[0,1\right)
(2,\infty)  <=>  x>2
(-\infty,2]\cup[3,\infty)  <=>  x \le 2 \text{ or } x \ge 3
(-\infty,\infty)  <=>  \mathbb{R}
[-1,-\frac12)\cup(-\frac12,0)  <=>  [-1,-0.5)\cup(-1/2,0)
[1,2]\cup[2,3]  <=>  [1,3]
\mathbb{R}\setminus\{0\}  <=>  (-\infty,0)\cup(0,\infty)
x\in[-1,1]  <=>  [-1,1]
(\frac35,\frac83]  <=>  (0.6,\frac{8}{3}]
[3,4]\cup(1,2)  <=>  (1,2)\cup[3,4]
\{-1\}\cup[0,7)  <=>  [0,7)\cup\{-1\}
(-\sqrt2,\sqrt2)  <=>  -\sqrt2<x<\sqrt2
\{x\mid x>2\}  <=>  (2,\infty)
(3,4]  <!>  [3,4]
[0,1)  <!>  (0,1]
(2,\infty)  <!>  [2,\infty)
(-\infty,2]\cup[3,\infty)  <!>  (-\infty,3]\cup[2,\infty)
(-\infty,2)  <!>  (2,\infty)
\mathbb{R}\setminus\{0\}  <!>  \mathbb{R}
[1,2)\cup(2,3]  <!>  [1,3]
(\frac35,\frac83]  <!>  (0.6,2.6667]
(0,9)  <!>  [0,9)
x\in[-1,1]  <!>  x\in(-1,1)
(-\sqrt2,\sqrt2)  <!>  (-1.4142,1.4142)
[1,2]  <!>  \{1,2\}
\{-1\}\cup[0,7)  <!>  [-1,7)
# inequalities
x \geq 5  <=>  5 \le x
-x > -1  <=>  x < 1
2x > 4  <=>  x > 2
|x| < 3  <=>  -3 < x < 3
x \neq 3  <=>  x < 3 \text{ or } x > 3
x^2 > 4  <=>  x < -2 \text{ or } x > 2
1 < x \le 3  <=>  x > 1 \text{ and } x \le 3
x^2 \ge 0  <=>  \mathbb{R}
(x-1)(x-2) < 0  <=>  1 < x < 2
3 > x > 1  <=>  1 < x < 3
\frac{1}{x} > 0  <=>  x > 0
x \geq 5  <!>  x \le 5
x > 5  <!>  x \ge 5
2x > 4  <!>  x > 4
|x| < 3  <!>  x < 3
x^2 > 4  <!>  x > 2
-x > -1  <!>  x > 1
1 < x \le 3  <!>  1 \le x < 3
x \neq 3  <!>  x = 3
(x-1)(x-2) < 0  <!>  x < 1 \text{ or } x > 2
x > 3  <!>  y > 3
\frac{1}{x} < 1  <!>  x > 1
# equations
5x-7y+11z+4=0  <=>  -5x+7y-11z-4=0
2x+4y-3=0  <=>  y=-\frac12 x+\frac34
x^2+y^2=1  <=>  y^2=1-x^2
\frac{x^2}{4}+\frac{y^2}{3}=1  <=>  3x^2+4y^2=12
y-2x=3  <=>  2y-4x=6
(x-1)^2+(y+2)^2=9  <=>  x^2-2x+y^2+4y=4
a^2+b^2=c^2  <=>  c^2=a^2+b^2
y=2x+3  <=>  2x-y+3=0
2x+3=y  <=>  y=3+2x
xy=1  <=>  yx-1=0
5x-7y+11z+4=0  <!>  5x-7y+11z-4=0
2x+4y-3=0  <!>  y=\frac12 x+\frac34
x^2+y^2=1  <!>  x^2+y^2=2
\frac{x^2}{4}+\frac{y^2}{3}=1  <!>  4x^2+3y^2=12
(x-1)^2+(y+2)^2=9  <!>  (x+1)^2+(y-2)^2=9
y=2x+3  <!>  y=3x+2
a^2+b^2=c^2  <!>  a^2+b^2=2c^2
y=x^2  <!>  x=y^2
7=11a+c  <!>  11a+c
2x+z=1  <!>  1
# matrices
\begin{pmatrix}1&2\\3&4\end{pmatrix}  <=>  \begin{bmatrix}1&2\\3&4\end{bmatrix}
\begin{pmatrix}-1/3\\2/3\\5/3\end{pmatrix}  <=>  \begin{pmatrix}-\frac13\\ \frac23\\ \frac53\end{pmatrix}
\begin{pmatrix}1&2\\3&4\end{pmatrix}  <=>  \left[\begin{array}{cc}1&2\\3&4\end{array}\right]
\begin{pmatrix}1&2\\3&4\end{pmatrix}  <=>  [[1,2],[3,4]]
\frac12\begin{pmatrix}2\\4\end{pmatrix}  <=>  \begin{pmatrix}1\\2\end{pmatrix}
\begin{pmatrix}\sqrt8&0\\0&1\end{pmatrix}  <=>  \begin{pmatrix}2\sqrt2&0\\0&1\end{pmatrix}
\begin{pmatrix}(x+1)^2\\0\end{pmatrix}  <=>  \begin{pmatrix}x^2+2x+1\\0\end{pmatrix}
\begin{pmatrix}-2\\-14\\-7\end{pmatrix}  <=>  (-2,-14,-7)
\begin{pmatrix}0.5&0.25\end{pmatrix}  <=>  \begin{pmatrix}\frac12&\frac14\end{pmatrix}
\begin{pmatrix}1&2\\3&4\end{pmatrix}  <!>  \begin{pmatrix}1&2\\3&5\end{pmatrix}
\begin{pmatrix}1&2\\3&4\end{pmatrix}  <!>  \begin{pmatrix}1&3\\2&4\end{pmatrix}
\begin{pmatrix}1\\2\\3\end{pmatrix}  <!>  \begin{pmatrix}1&2&3\end{pmatrix}
\begin{pmatrix}1&0\\0&1\end{pmatrix}  <!>  \begin{pmatrix}1&0&0\\0&1&0\\0&0&1\end{pmatrix}
\begin{pmatrix}-2\\-14\\-7\end{pmatrix}  <!>  \begin{pmatrix}-2\\-14\\7\end{pmatrix}
\begin{pmatrix}1\\2\end{pmatrix}  <!>  (2,1)
\begin{pmatrix}-1&0\\0&-1\end{pmatrix}  <!>  \begin{pmatrix}1&0\\0&1\end{pmatrix}
\frac12\begin{pmatrix}2\\4\end{pmatrix}  <!>  \begin{pmatrix}2\\4\end{pmatrix}
\begin{pmatrix}x\\y\end{pmatrix}  <!>  \begin{pmatrix}y\\x\end{pmatrix}
# functions by cases
\begin{cases}x & x\ge 0\\-x & x<0\end{cases}  <=>  |x|
\begin{cases}x & \text{if }x>0\\-x & \text{else}\end{cases}  <=>  \begin{cases}-x & x\le 0\\x & x>0\end{cases}
\begin{cases}x^2 & x<1\\2x-1 & x\ge 1\end{cases}  <=>  \begin{cases}x^2 & x\le 1\\2x-1 & x>1\end{cases}
\begin{cases}1 & x>0\\0 & x=0\\-1 & x<0\end{cases}  <=>  \begin{cases}-1 & x<0\\0 & x=0\\1 & x>0\end{cases}
\begin{cases}x=1\\y=2\end{cases}  <=>  x=1,y=2
\begin{cases}2x&x<3\\6&3\le x<5\\x+1&x\ge 5\end{cases}  <=>  \begin{cases}2x&x\le 3\\6&3<x\le 5\\1+x&5<x\end{cases}
\begin{cases}(x+1)^2 & x>0\\1 & x\le 0\end{cases}  <=>  \begin{cases}x^2+2x+1 & x>0\\1 & x\le 0\end{cases}
\begin{cases}x & x\ge 0\\-x & x<0\end{cases}  <!>  x
\begin{cases}x & x>0\\-x & x\le 0\end{cases}  <!>  \begin{cases}x & x>1\\-x & x\le 1\end{cases}
\begin{cases}1 & x>0\\0 & x\le 0\end{cases}  <!>  \begin{cases}1 & x\ge 0\\0 & x<0\end{cases}
\begin{cases}x^2 & x<1\\2x-1 & x\ge 1\end{cases}  <!>  \begin{cases}x^2 & x<1\\2x+1 & x\ge 1\end{cases}
\begin{cases}x & x>0\\0 & x<0\end{cases}  <!>  \begin{cases}x & x>0\\0 & x\le 0\end{cases}
\begin{cases}x=1\\y=2\end{cases}  <!>  x=2,y=1
\begin{cases}1 & x>0\\2 & x\le 0\end{cases}  <!>  \begin{cases}2 & x>0\\1 & x\le 0\end{cases}
# factorials, binomials, sums, products
\binom{10}{3}  <=>  120
\sum_{k=1}^{10}k^2  <=>  385
\prod_{k=1}^{5}k  <=>  5!
\frac{10!}{7!}  <=>  720
\binom{n}{2}  <=>  \frac{n(n-1)}{2}
\sum_{k=1}^{100}k  <=>  5050
\binom{100}{98}  <=>  4950
\sum_{i=0}^{4}2^i  <=>  31
\sum_{k=1}^{3}x^k  <=>  x+x^2+x^3
\sum_{k=1}^{50}\frac{1}{k(k+1)}  <=>  \frac{50}{51}
{5\choose 2}  <=>  10
\binom{10}{3}  <!>  \frac{10!}{3!}
\sum_{k=1}^{10}k^2  <!>  384
\prod_{k=1}^{5}k  <!>  15
\frac{10!}{7!}  <!>  10\cdot 9
\binom{n}{2}  <!>  \frac{n(n+1)}{2}
\sum_{k=1}^{100}k  <!>  5000
\sum_{i=0}^{4}2^i  <!>  32
\binom{5}{2}  <!>  \frac52
20!  <!>  2432902008176640001
\sum_{k=1}^{50}\frac{1}{k(k+1)}  <!>  1
# units, degrees, currency, bases
90^\circ  <=>  \frac{\pi}{2}
30^\circ  <=>  30\text{ degrees}
5\text{ cm}  <=>  50\text{ mm}
\$32,\!348  <=>  \$32348
2\text{ hours}  <=>  120\text{ minutes}
1\text{ km}  <=>  1000\text{ m}
15\mbox{ cm}^2  <=>  15\text{ cm}^2
52_8  <=>  42
4210_{5}  <=>  4210_5
1010_2  <=>  12_8
3\text{ apples}  <=>  3\text{ apples}
7.50\text{ dollars}  <=>  \$7.50
90^\circ  <!>  \pi
30^\circ  <!>  60^\circ
5\text{ cm}  <!>  5\text{ mm}
\$32,\!348  <!>  \$32,\!438
2\text{ hours}  <!>  2\text{ minutes}
3\text{ m}  <!>  3\text{ m}^2
3\text{ kg}  <!>  3\text{ m}
52_8  <!>  52
204_5  <!>  204_6
1010_2  <!>  1010
3\text{ apples}  <!>  4\text{ apples}
\$5  <!>  50\text{ cents}
# words and choices
\text{Evelyn}  <=>  Evelyn
\text{(C)}  <=>  C
(B)  <=>  \text{B}
\text{even}  <=>  even
yes  <=>  Yes
\textbf{(A)}  <=>  (A)
\text{no}  <=>  No
Tuesday  <=>  \text{Tuesday}
\text{east}  <=>  East
New York  <=>  \text{New York}
\text{Evelyn}  <!>  \text{Carla}
\text{(C)}  <!>  \text{(D)}
(B)  <!>  A
\text{even}  <!>  \text{odd}
yes  <!>  no
\text{east}  <!>  \text{west}
Tuesday  <!>  Thursday
\text{yes}  <!>  1
C  <!>  3
New York  <!>  New Orleans
# infinities, bounds and undefined values
\infty  <=>  +\infty
-\infty  <=>  -\infty
(-\infty,\infty)  <=>  \text{all real numbers}
\infty  <!>  -\infty
\infty  <!>  10^{100}
\frac{1}{0}  <!>  \infty
\frac{0}{0}  <!>  1
0^{-1}  <!>  0
10^{-300}  <!>  0
\tan\frac{\pi}{2}  <!>  0
\ln 0  <!>  0
# answers in longer texts
So the answer is $\boxed{\frac{3}{4}}$.  <=>  0.75
First \boxed{1}, and then \boxed{2}.  <=>  2
The answer is 42.  <=>  42
She pays 3 * 4 = 12 dollars.\n#### 12  <=>  12
Therefore, the sum is $12$.  <=>  12
**Final answer:** $x = 5$  <=>  5
The final answer is $(3, 4]$. I hope it is correct.  <=>  (3,4]
We get $x^2 = 4$, so \(x = \pm 2\).  <=>  2,-2
So the answer is $\boxed{\frac{3}{4}}$.  <!>  4
First \boxed{1}, and then \boxed{2}.  <!>  1
The answer is 42.  <!>  43
She pays 3 * 4 = 12 dollars.\n#### 12  <!>  3
Therefore, the sum is $12$.  <!>  21
**Final answer:** $x = 5$  <!>  x = -5
The final answer is $(3, 4]$. I hope it is correct.  <!>  [3,4]
We get $x^2 = 4$, so \(x = \pm 2\).  <!>  2
"""

_LINE = re.compile(r"(.+?)  <([=!])>  (.+)")


def _written() -> list[Pair]:
    pairs: list[Pair] = []
    category = ""
    for line in _TABLE.strip().splitlines():
        if line.startswith("# "):
            category = line[2:]
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"no pair: {line}")
        first, second = match[1].replace("\\n#", "\n#"), match[3]
        pairs.append(Pair(category, first, second, match[2] == "="))
    return pairs


def _expanded(power: int, sign: int = 1, *, off: int | None = None) -> str:
    """``(x + sign)^power`` written out; the coefficient of ``x^off`` is wrong by one."""
    terms = []
    for degree in range(power, -1, -1):
        coefficient = comb(power, degree) * sign ** (power - degree) + (degree == off)
        terms.append(f"{coefficient}*x^{degree}")
    return " + ".join(terms).replace("+ -", "- ")


def _large() -> list[Pair]:
    name = "large polynomials"
    pairs = [Pair(name, f"(x+1)^{n}", _expanded(n), True) for n in (12, 20, 40, 60)]
    pairs += [Pair(name, f"(x-1)^{{{n}}}", _expanded(n, -1), True) for n in (15, 30, 50)]
    pairs += [Pair(name, f"(x+1)^{n}", _expanded(n, off=at), False) for n, at in ((12, 3), (20, 0), (40, 1), (60, 2))]
    pairs += [Pair(name, f"(x-1)^{n}", _expanded(n, -1, off=1), False) for n in (15, 30, 50)]
    pairs += [
        Pair(name, "(x+y)^{30}(x-y)^{30}", "(x^2-y^2)^{30}", True),
        Pair(name, "(x+y)^{30}(x-y)^{30}", "(x^2-y^2)^{29}(x^2+y^2)", False),
        Pair(name, "(a+b+c)^{8}", "(c+a+b)^5(a+b+c)^3", True),
        Pair(name, "(a+b+c)^{8}", "(a+b+c)^7(a+b-c)", False),
    ]
    return pairs


PAIRS: tuple[Pair, ...] = (*_written(), *_large())
"""The table."""
