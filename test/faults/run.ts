/**
 * Runs a campaign of any length: `npm run faults -- --rounds 300 --seed 1`. Several seeds, with commas, run one after
 * the other. Odd seeds have plain folders, even ones mounts, where this machine lets them.
 */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

const root = resolve(import.meta.dirname, '../../..');
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '100' }, seed: { type: 'string', default: '1' } },
});

const vitest = resolve(root, 'node_modules/vitest/vitest.mjs');
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', 'test/faults', '--disable-console-intercept'],
  {
    stdio: 'inherit',
    cwd: root,
    env: { ...process.env, FAULT_ROUNDS: values.rounds, FAULT_SEED: values.seed },
  },
);
process.exitCode = status ?? 1;
