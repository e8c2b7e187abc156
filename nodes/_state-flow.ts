import type { EventEmitter } from 'node:events';

const WANTED = 'immich-bridge:state-wanted';

/** How the nodes that own a state and those that pass states on find each other. */
export interface StateFlow {
  /** Asks all nodes that own a state to send it anew. */
  ask(): void;
  /**
   * Calls back whenever a state should be sent, however little of it changed: when somebody asks, and each time the
   * flows have started, because Node-RED drops without a word what is sent to a node that is not made yet.
   */
  onWanted(handler: () => void, signal: AbortSignal): void;
}

const flows = new WeakMap<EventEmitter, StateFlow>();

/** The state flow of the runtime with these events. */
export function stateFlowOf(events: EventEmitter): StateFlow {
  const known = flows.get(events);
  if (known !== undefined) return known;
  const owners = new Set<() => void>();
  let isDue = false;
  const tellAll = () => {
    isDue = false;
    for (const tell of owners) tell();
  };
  // Once for all who ask at the same time, and after whatever each of them is at.
  const tellSoon = () => {
    if (!isDue) setImmediate(tellAll);
    isDue = true;
  };
  events.on(WANTED, tellSoon);
  events.on('flows:started', tellSoon);
  const flow: StateFlow = {
    ask: () => void events.emit(WANTED),
    onWanted(handler, signal) {
      owners.add(handler);
      signal.addEventListener('abort', () => owners.delete(handler));
    },
  };
  flows.set(events, flow);
  return flow;
}
