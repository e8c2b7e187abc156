import { expect, it } from 'vitest';
import { createStateBoard, type StateBoard } from '../../../lib/mqtt/state-board.js';

const state = (topic: string, payload: string) => ({ topic, payload, isRetained: true });

/** Takes everything that waits, as `topic=payload`, and answers it. */
function drain(board: StateBoard): string[] {
  const told: string[] = [];
  for (let next = board.take(); next !== undefined; next = board.take()) {
    told.push(`${next.message.topic}=${next.message.payload}`);
    next.onAnswered?.();
  }
  return told;
}

it('tells the newest state of each topic, in the order in which the topics came', () => {
  const board = createStateBoard();
  board.put(state('a', '1'));
  board.put(state('b', '1'));
  board.put(state('a', '2'));
  expect(drain(board)).toEqual(['a=2', 'b=1']);
  expect(drain(board)).toEqual([]);
});

it('tells the first topic before whatever else waits', () => {
  const board = createStateBoard('document');
  board.put(state('a', '1'));
  board.put(state('document', '{}'));
  expect(drain(board)).toEqual(['document={}', 'a=1']);
  board.rewind();
  expect(drain(board)).toEqual(['document={}', 'a=1']);
});

it('tells nothing that was told last', () => {
  const board = createStateBoard();
  board.put(state('a', '1'));
  drain(board);
  board.put(state('a', '1'));
  expect(board.waiting).toBe(0);
  board.put(state('a', '2'));
  board.put(state('a', '1'));
  expect(board.waiting).toBe(0);
});

it('tells an older state again when a newer one is still on its way', () => {
  const board = createStateBoard();
  board.put(state('a', '1'));
  drain(board);
  board.put(state('a', '2'));
  board.take();
  board.put(state('a', '1'));
  expect(drain(board)).toEqual(['a=1']);
});

it('tells everything once more after a rewind, in the old order and with the newest states', () => {
  const board = createStateBoard();
  for (const topic of ['a', 'b', 'c']) board.put(state(topic, '1'));
  drain(board);
  board.put(state('c', '2'));
  board.put(state('a', '2'));
  board.rewind();
  expect(drain(board)).toEqual(['a=2', 'b=1', 'c=2']);
});

it('empties a topic and forgets it once that is done', () => {
  const board = createStateBoard();
  board.put(state('a', '1'));
  drain(board);
  void board.clear(['a', 'never seen']);
  expect([board.size, board.take()?.message]).toEqual([2, state('a', '')]);
  expect(board.size).toBe(2);
  board.rewind();
  expect(drain(board)).toEqual(['a=', 'never seen=']);
  expect(board.size).toBe(0);
  board.rewind();
  expect(drain(board)).toEqual([]);
});

it('forgets a topic that was cleared twice', () => {
  const board = createStateBoard();
  void board.clear(['a']);
  const first = board.take();
  void board.clear(['a']);
  first?.onAnswered?.();
  drain(board);
  expect([board.size, board.waiting]).toEqual([0, 0]);
});

it('keeps what was put up while its topic was being emptied', () => {
  const board = createStateBoard();
  void board.clear(['a']);
  const emptying = board.take();
  board.put(state('a', 'new'));
  emptying?.onAnswered?.();
  expect(drain(board)).toEqual(['a=new']);
  expect(board.size).toBe(1);
});

it('says when all topics have been emptied, or filled anew', async () => {
  const board = createStateBoard();
  let isDone = false;
  const cleared = board.clear(['a', 'b']).then(() => {
    isDone = true;
  });
  board.take()?.onAnswered?.();
  await Promise.resolve();
  expect(isDone).toBe(false);
  board.put(state('b', 'new'));
  await cleared;
  await board.clear([]);
});

it('has the size of its topics after 100,000 changes', () => {
  const board = createStateBoard();
  for (let index = 0; index < 100_000; index += 1) board.put(state(`t${index % 7}`, String(index)));
  for (let index = 0; index < 1_000; index += 1) {
    board.put(state(`gone${index}`, '1'));
    void board.clear([`gone${index}`]);
    drain(board);
  }
  expect([board.size, board.waiting]).toEqual([7, 0]);
});
