import type { NodeAPI } from 'node-red';
import { type Fields, fieldsOf, textOf } from '../lib/fields.js';
import { lookup } from './_editor-values.js';

/** What the editor holds in place of a password that is stored and was not changed. */
const STORED = '__PWRD__';

/**
 * A credential of a dialog, for the runtime alone: as it was typed, or the stored one of that node. Only a node of
 * the given type is asked for it, so that nobody sends another pack's password to a place of his choice.
 */
export function storedCredential(RED: NodeAPI, body: Fields, type: string, name: string): string | undefined {
  const typed = textOf(fieldsOf(body.config)[name]) ?? undefined;
  const value = typed === STORED ? savedOf(RED, textOf(body.id), type, name) : typed;
  const variable = /^\$\{([^}]+)\}$/.exec(value ?? '')?.[1];
  if (variable === undefined) return value;
  const found = lookup(RED, body)(variable);
  return found === undefined || found === null ? undefined : String(found);
}

function savedOf(RED: NodeAPI, id: string | null, type: string, name: string): string | undefined {
  let isOfType = false;
  RED.nodes.eachNode((node) => {
    isOfType ||= node.id === id && node.type === type;
  });
  if (id === null || !isOfType) return undefined;
  return textOf(fieldsOf(RED.nodes.getCredentials(id))[name]) ?? undefined;
}
