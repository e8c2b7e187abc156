import type { NodeMessage } from 'node-red';
import type { CommandAnswer } from '../lib/bridge/command-desk.js';
import type { NodeTools, Output } from './_node-tools.js';
import { toError } from './_shown-text.js';

/** Does what a command asks, with the payload that came with it; throws a sentence when it refuses. */
export type Obey = (payload: unknown) => Promise<void> | void;

const COMMAND = 'command/';

/** Whether a message asks for something, be it of this node or of another on the same wire. */
export function isCommand({ topic }: NodeMessage): boolean {
  return typeof topic === 'string' && topic.startsWith(COMMAND);
}

/**
 * Makes what obeys the commands of a node, each under its name without `command/`; all others are for somebody else.
 * Each is answered on the second output once its work is done: with the id that the MQTT bridge gave it, or null
 * when it came from a plain wire. What is refused is answered too, and thrown for Catch nodes.
 */
export function obeyCommands(
  { send }: Pick<NodeTools<unknown>, 'send'>,
  commands: Readonly<Record<string, Obey>>,
): (msg: NodeMessage) => Promise<Output> {
  return async (msg) => {
    const name = isCommand(msg) ? String(msg.topic).slice(COMMAND.length) : '';
    const obey = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (obey === undefined) return undefined;
    const answer = (error: string | null): Output => {
      const payload: CommandAnswer = { name, id: idOf(msg), isOk: error === null, error };
      return [null, { topic: 'command/response', payload }];
    };
    try {
      await obey(msg.payload);
    } catch (error) {
      send(answer(toError(error).message));
      throw error;
    }
    return answer(null);
  };
}

function idOf(msg: NodeMessage): string | null {
  const command = 'command' in msg ? msg.command : undefined;
  const id = typeof command === 'object' && command !== null && 'id' in command ? command.id : undefined;
  return typeof id === 'string' ? id : null;
}
