"""Mathematics as trees and as text: reading it safely, bounding it, writing it."""
