/** Control characters, other line ends, and marks that turn the direction of writing. */
const HIDDEN = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Text that stays in its line and shows what is in it: a line break is written as `\x0a`, a turn as `\u202e`. */
export function printable(text: string): string {
  return text.replace(HIDDEN, (character) => escapeCode(character.charCodeAt(0)));
}

/** A byte or another small code as `\x0a`, a larger one as `\u202e`. */
export function escapeCode(code: number): string {
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** Text of at most so many characters; what is cut off is shown as `…`. */
export function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
