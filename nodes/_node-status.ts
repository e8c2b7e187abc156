import type { Node, NodeAPI } from 'node-red';
import { shownIn } from './_shown-text.js';

/** The five colours of DESIGN: done, working, will pass, needs a person, idle or paused. */
export type StatusFill = 'green' | 'blue' | 'yellow' | 'red' | 'grey';

/** Values for the placeholders of a catalogue text. */
export type Values = Record<string, string | number>;

/** Shows a status whose text stands in the node's catalogue below "status". */
export type ShowStatus = (fill: StatusFill, key: string, values?: Values) => void;

/** Makes the status of a node; what it shows already is not sent again, and nothing is once `signal` is aborted. */
export function statusOf(RED: NodeAPI, node: Node, type: string, signal: AbortSignal): ShowStatus {
  let shown = '';
  return (fill, key, values = {}) => {
    const status = {
      fill,
      shape: fill === 'grey' ? 'ring' : 'dot',
      text: RED._(`${type}.status.${key}`, shownIn(values)),
    } as const;
    const next = JSON.stringify(status);
    if (next === shown || signal.aborted) return;
    shown = next;
    node.status(status);
  };
}
