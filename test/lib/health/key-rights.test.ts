import { expect, it } from 'vitest';
import { createKeyRights, moreWith, RIGHT_NAMES } from '../../../lib/health/key-rights.js';

it('tries everything before it knows the key, then what the key may see', () => {
  const rights = createKeyRights();
  expect(RIGHT_NAMES.every(rights.may)).toBe(true);
  rights.learn(['user.read']);
  expect(RIGHT_NAMES.filter(rights.may)).toEqual(['user.read']);
  rights.learn(['all']);
  expect(RIGHT_NAMES.every(rights.may)).toBe(true);
});

it('does not ask again what was refused, until an hour passed, the key changed or somebody wants it', () => {
  let nowMs = 0;
  const rights = createKeyRights(() => nowMs);
  const again: [string, () => void][] = [
    ['an hour', () => (nowMs += 3_600_000)],
    ['another key', () => rights.learn(['queue.read', 'user.read'])],
    ['a wish', () => rights.forget()],
  ];
  rights.learn(['queue.read']);
  for (const [name, happen] of again) {
    rights.refuse('queue.read');
    rights.learn(name === 'a wish' ? ['queue.read', 'user.read'] : ['queue.read']);
    nowMs += 3_599_999;
    expect([name, rights.may('queue.read'), rights.has('queue.read')]).toEqual([name, false, true]);
    happen();
    expect([name, rights.may('queue.read')]).toEqual([name, true]);
  }
});

it('says in one sentence what more could be seen', () => {
  expect(moreWith([], true)).toBeUndefined();
  expect(moreWith(['server.storage', 'user.read', 'queue.read'], true)).toBe(
    "The API key shows less than it could. It would show more with the permissions server.storage (how full the disk is), user.read (the quota of its user); with those of an administrator's key queue.read (how many jobs wait).",
  );
  expect(moreWith(['server.statistics'], false)).toBe(
    "Without an API key only version and reachability are known. A key would show more with those of an administrator's key server.statistics (photos and videos of all users).",
  );
});
