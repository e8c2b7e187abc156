import { afterAll, onTestFinished, TestRunner } from 'vitest';

const endings: (() => unknown)[] = [];

afterAll(async () => {
  for (const end of endings.reverse()) await end();
});

/** Ends something after the test that runs; after the last test of the file where `beforeAll` made it. */
export function whenOver(end: () => unknown): void {
  if (TestRunner.getCurrentTest() === undefined) endings.push(end);
  else onTestFinished(async () => void (await end()));
}
