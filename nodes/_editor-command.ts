import type { NodeAPI } from 'node-red';
import { choiceOf, textOf } from '../lib/fields.js';
import { say, sayingAsAlways } from '../lib/say.js';
import { editorEndpoint, RequestError } from './_editor-endpoint.js';

/** Which node obeys which button. */
const COMMANDS = { 'folder-watch': 'rescan', 'immich-upload': 'retry' } as const;

/** The buttons of nodes: gives a running node the command that a message would bring it. */
export function offerCommands(RED: NodeAPI): void {
  editorEndpoint(RED, 'command', ({ id, command }) => {
    const node = RED.nodes.getNode(textOf(id) ?? '');
    if (!node) throw new RequestError(say`This node does not run. Deploy it first.`, 404);
    const type = choiceOf(node.type, ['folder-watch', 'immich-upload']);
    if (type === null || COMMANDS[type] !== command) {
      throw new RequestError(say`This node has no such button.`, 404);
    }
    // What begins now goes on after the answer.
    sayingAsAlways(() => node.receive({ topic: `command/${command}`, payload: {} }));
    return { isSent: true };
  });
}
