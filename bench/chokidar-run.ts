import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What the process that runs chokidar tells; times are milliseconds since 1970 with fractions. */
export type ChokidarWord = { readonly ready: number } | { readonly path: string; readonly at: number };

/** A bare process in which chokidar watches a folder: what other programs do to find files. */
export interface ChokidarRun {
  readonly pid: number;
  /** Undefined when it ended before: it may want more watches than the system has. */
  readonly readyMs: Promise<number | undefined>;
  onFile(hear: (path: string, atMs: number) => void): void;
  stop(): Promise<void>;
}

const VERSION = '5';

/** Fetches chokidar through npm into a folder of this run; it is no part of the product. */
export async function fetchChokidar(folder: string): Promise<void> {
  const args = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--silent', `chokidar@${VERSION}`];
  await promisify(execFile)('npm', args);
}

/** Starts to watch; with `quietMs` it tells of files that stood still for so long, else of those it finds. */
export function startChokidar(moduleFolder: string, folder: string, quietMs?: number): ChokidarRun {
  const path = join(moduleFolder, 'node_modules/chokidar/index.js');
  const self = join(import.meta.dirname, 'chokidar-run.js');
  const words = ['chokidar', path, folder, String(quietMs ?? '')];
  const child: ChildProcess = fork(self, words, { stdio: ['ignore', 'inherit', 'ignore', 'ipc'] });
  let hearFile = (_path: string, _at: number) => {};
  const readyMs = new Promise<number | undefined>((tell) => {
    child.on('exit', () => tell(undefined));
    child.on('message', (word: ChokidarWord) => {
      if ('ready' in word) tell(word.ready);
      else hearFile(word.path, word.at);
    });
  });
  return {
    pid: child.pid ?? 0,
    readyMs,
    onFile(hear) {
      hearFile = hear;
    },
    async stop() {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

interface Chokidar {
  watch(folder: string, options: object): { on(event: string, hear: (path: string) => void): void };
}

async function watch([modulePath = '', folder = '', quietMs = '']: string[]): Promise<void> {
  const { watch: start } = (await import(modulePath)) as Chokidar;
  const began = performance.now();
  const awaitWriteFinish = quietMs === '' ? false : { stabilityThreshold: Number(quietMs) };
  const watcher = start(folder, { awaitWriteFinish });
  watcher.on('ready', () => process.send?.({ ready: performance.now() - began }));
  if (quietMs === '') return;
  watcher.on('add', (path) => process.send?.({ path, at: performance.timeOrigin + performance.now() }));
}

if (process.argv[2] === 'chokidar') await watch(process.argv.slice(3));
