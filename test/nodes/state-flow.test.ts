import { EventEmitter } from 'node:events';
import { expect, it, vi } from 'vitest';
import { defineNode } from '../../nodes/_define-node.js';
import { stateFlowOf } from '../../nodes/_state-flow.js';
import { collect, ON_TAB, TAB_WITH_CATCH, useNodeRed } from '../support/node-red-helper.js';

const helper = useNodeRed();

/** Sends its state as soon as it can, and whenever it is wanted. */
const owner = defineNode<object, object>('test-owner', {
  parse: () => ({}),
  create(tools) {
    tools.send({ topic: 'test/early' });
    tools.onStateWanted(() => tools.send({ topic: 'test/state' }));
    return {};
  },
});

/** Asks for all states when it is made, and at each message. */
const asker = defineNode<object, object>('test-asker', {
  parse: () => ({}),
  create(tools) {
    tools.askForStates();
    return {
      onInput() {
        tools.askForStates();
        return undefined;
      },
    };
  },
});

it('brings a state to a node that is made last, where what is sent early is lost', async () => {
  await helper.load(
    [owner, asker],
    [
      ...TAB_WITH_CATCH,
      { ...ON_TAB, id: 'asker', type: 'test-asker', wires: [] },
      { ...ON_TAB, id: 'owner', type: 'test-owner', wires: [['last']] },
      { ...ON_TAB, id: 'last', type: 'helper', wires: [] },
    ],
  );
  const messages = collect('last');
  const topics = () => messages.map(({ topic }) => topic);
  await vi.waitFor(() => expect(topics()).toEqual(['test/state']));
  helper.getNode('asker').receive({});
  await vi.waitFor(() => expect(topics()).toEqual(['test/state', 'test/state']));
});

it('asks each owner once for all who ask at the same time, and none that is closed', async () => {
  const events = new EventEmitter();
  const states = stateFlowOf(events);
  const closing = new AbortController();
  const [open, closed] = [vi.fn(), vi.fn()];
  states.onWanted(open, new AbortController().signal);
  states.onWanted(closed, closing.signal);
  states.ask();
  stateFlowOf(events).ask();
  expect(open).not.toHaveBeenCalled();
  closing.abort();
  await vi.waitFor(() => expect(open).toHaveBeenCalledOnce());
  expect(closed).not.toHaveBeenCalled();
  expect(events.listenerCount('flows:started')).toBe(1);
});
