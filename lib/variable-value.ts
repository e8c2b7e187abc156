import { printable, shortened } from './printable.js';

/** What may be told about a variable: whether it is set, and, unless it may be a secret, what it holds. */
export interface VariableValue {
  readonly isSet: boolean;
  readonly text?: string;
}

const SECRET = /key|pass|pwd|secret|token|credential|auth|cookie|private|salt|signature/i;
const LONGEST = 300;

/** Whether the name of a variable says that nobody should read it. */
export function isSecretName(name: string): boolean {
  return SECRET.test(name);
}

/**
 * What the editor shows of a variable. Of a name that tells of a secret only whether it is set; a login in an address
 * is left out.
 */
export function variableValue(name: string, value: unknown): VariableValue {
  const text = value === undefined || value === null ? '' : String(value).trim();
  if (text === '') return { isSet: false };
  if (isSecretName(name)) return { isSet: true };
  const plain = text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/]*@/gi, '$1…@').replace(/\?\S*/g, '?…');
  return { isSet: true, text: shortened(printable(plain), LONGEST) };
}
