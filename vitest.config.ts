import { configDefaults, defineConfig } from 'vitest/config';

/** The editor tests need a Chromium: `npm run test:editor`. */
const isEditorRun = process.argv.some((argument) => argument.includes('test/editor'));

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(isEditorRun ? [] : ['test/editor/**'])],
    setupFiles: ['test/support/patience.ts'],
    // Errors are expected in English, whatever the system speaks.
    env: { LC_ALL: 'C.UTF-8' },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    // Real processes on a machine that does other things, too: a second try counts, and the report names it.
    retry: process.env.CI ? 2 : 0,
  },
});
