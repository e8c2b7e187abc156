import { vi } from 'vitest';

/**
 * A busy machine may take its time: `vi.waitFor` waits up to twenty seconds unless a test says otherwise. vitest has no
 * setting for it, and its own second is too short where processes are started. Loaded before every test file.
 */
const PATIENCE_MS = 20_000;

const { waitFor } = vi;
vi.waitFor = (check, options = {}) =>
  waitFor(check, {
    timeout: PATIENCE_MS,
    ...(typeof options === 'number' ? { timeout: options } : options),
  });
