#!/usr/bin/env node
/** The one command line: `immich-bridge start`, `verify`, `audit`, `receipt` or `migrate`. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { auditCommand, receiptCommand } from './audit-command.js';
import { checkNodeVersion, failureText } from './environment.js';
import { migrateCommand } from './migrate-command.js';
import { start } from './start.js';
import { USAGE, UsageError } from './usage.js';
import { verifyCommand } from './verify-command.js';

const LONGEST_END_MS = 5_000;

/** Runs what the arguments say; the exit code, or undefined when the process goes on. */
async function run([command = 'start', ...args]: readonly string[]): Promise<number | undefined> {
  if (command === '--help' || command === '-h' || command === 'help') return print(USAGE);
  if (command === '--version' || command === '-v') return print(version());
  checkNodeVersion();
  if (command === 'audit') return auditCommand(args);
  if (command === 'receipt') return receiptCommand(args);
  if (command === 'verify') return verifyCommand(args);
  if (command === 'migrate') return migrateCommand(args);
  if (command !== 'start') throw new UsageError(`There is no command "${command}".`);
  if (args.length > 0)
    throw new UsageError('start takes its settings from the environment, not as arguments.');
  await start();
  return undefined;
}

function print(text: string): number {
  console.log(text);
  return 0;
}

function version(): string {
  const manifest = join(resolve(import.meta.dirname, '../..'), 'package.json');
  return String(JSON.parse(readFileSync(manifest, 'utf8')).version);
}

run(process.argv.slice(2)).then(
  (code) => {
    if (code === undefined) return;
    // Not exit(): what was printed into a pipe may still be on its way. A connection that lingers must not keep us.
    process.exitCode = code;
    setTimeout(() => process.exit(), LONGEST_END_MS).unref();
  },
  (error: unknown) => {
    if (error instanceof UsageError) console.error(`${error.message}\n${USAGE}`);
    else console.error(failureText(error));
    process.exit(error instanceof UsageError ? 2 : 1);
  },
);
