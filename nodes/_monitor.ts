import type { EventEmitter } from 'node:events';
import type { NodeMessage } from 'node-red';
import type { CommandAnswer } from '../lib/bridge/command-desk.js';
import { fieldsOf } from '../lib/fields.js';
import { createMonitor, type Monitor } from '../lib/monitor/monitor.js';
import { isCommand } from './_command-answer.js';
import { fileFlowOf } from './_file-flow.js';
import type { Output } from './_node-tools.js';

/** The monitor of a runtime: what its nodes send goes past it. */
export interface RuntimeMonitor extends Omit<Monitor, 'see' | 'failed'> {
  /** Notes what a node sends. */
  see(node: string, output: NonNullable<Output>): void;
  /** Notes that a node told a failure; only that of a file is shown. */
  failed(node: string, msg: NodeMessage, error: Error): void;
  /** Resolves with the answer to the command with this id; undefined when nobody answers in time. */
  answerTo(id: string, patienceMs: number): Promise<CommandAnswer | undefined>;
}

const monitors = new WeakMap<EventEmitter, RuntimeMonitor>();

/** The monitor of the runtime with these events. */
export function monitorOf(events: EventEmitter): RuntimeMonitor {
  const known = monitors.get(events);
  if (known !== undefined) return known;
  const monitor = createMonitor();
  const asked = new Map<string, (answer: CommandAnswer) => void>();
  const seeMessage = (node: string, { topic, payload }: NodeMessage) => {
    if (topic !== 'command/response') return monitor.see(node, topic, payload);
    const { id } = fieldsOf(payload);
    if (typeof id === 'string') asked.get(id)?.(payload as CommandAnswer);
  };
  const made: RuntimeMonitor = {
    ...monitor,
    see(node, output) {
      if (!Array.isArray(output)) return seeMessage(node, output);
      for (const slot of output) {
        if (Array.isArray(slot)) for (const msg of slot) seeMessage(node, msg);
        else if (slot !== null) seeMessage(node, slot);
      }
    },
    failed(node, msg, error) {
      if (!isCommand(msg)) monitor.failed(node, msg.payload, error);
    },
    answerTo: (id, patienceMs) =>
      new Promise((answered) => {
        const end = (answer: CommandAnswer | undefined) => {
          clearTimeout(timer);
          asked.delete(id);
          answered(answer);
        };
        const timer = setTimeout(end, patienceMs, undefined).unref();
        asked.set(id, end);
      }),
  };
  monitors.set(events, made);
  return made;
}

/** Makes what sends the output of a node on, past the monitor. */
export function passOn(
  events: EventEmitter,
  node: string,
): (output: NonNullable<Output>, send: (output: NonNullable<Output>) => void) => void {
  const [flow, monitor] = [fileFlowOf(events), monitorOf(events)];
  return (output, send) =>
    flow.pass(output, (now) => {
      monitor.see(node, now);
      send(now);
    });
}
