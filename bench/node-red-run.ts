import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { UploadState } from '../lib/upload/upload-state.js';
import type { FolderWatchState } from '../lib/watch/folder-watch.js';
import type { LoopDelay, Question, Use } from './loop-probe.js';
import { median } from './median.js';

const ROOT = resolve(import.meta.dirname, '../..');
const MB = 1024 * 1024;

/** A Node-RED that is measured, a process of its own. */
export interface NodeRedRun {
  readonly pid: number;
  /** The newest states that the nodes told, and how many files left each step. */
  readonly told: { watch?: FolderWatchState; upload?: UploadState };
  /** When its flows had started, in milliseconds of `performance.now()`. */
  readonly startedAt: number;
  use(): Promise<Use>;
  watchLoop(): Promise<void>;
  /** Delays of the event loop since `watchLoop`, which ends with this. */
  loop(): Promise<LoopDelay>;
  collectGarbage(): Promise<void>;
  /** Waits until something holds, for at most so many milliseconds. */
  until(what: string, holds: () => boolean, mostMs?: number): Promise<number>;
  stop(): Promise<void>;
}

export interface NodeRedRunOptions {
  /** Its user directory. */
  readonly folder: string;
  readonly flow: readonly object[];
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeArguments?: readonly string[];
}

/** Starts Node-RED with a flow and this pack, and resolves when the flow runs. */
export async function startNodeRedRun(options: NodeRedRunOptions): Promise<NodeRedRun> {
  const { folder, flow, env = {}, nodeArguments = [] } = options;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'flows.json'), JSON.stringify(flow));
  writeFileSync(join(folder, 'settings.js'), settings());
  const redDir = dirname(createRequire(import.meta.url).resolve('node-red/package.json'));
  const probe = join(import.meta.dirname, 'loop-probe.js');
  const args = ['--import', probe, ...nodeArguments, join(redDir, 'red.js'), '--userDir', folder];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const told: { watch?: FolderWatchState; upload?: UploadState } = {};
  child.on('message', ({ topic, payload }: { topic?: string; payload: never }) => {
    if (topic === 'watch/state') told.watch = payload;
    if (topic === 'upload/state') told.upload = payload;
  });
  const startedAt = await flowsStarted(child);
  const ask = <Answer>(question: Question) => askChild<Answer>(child, question);
  return {
    pid: child.pid ?? 0,
    told,
    startedAt,
    use: () => ask<Use>('use'),
    watchLoop: () => ask<void>('watch'),
    loop: () => ask<LoopDelay>('loop'),
    collectGarbage: () => ask<void>('collect'),
    async until(what, holds, mostMs = 300_000) {
      const began = performance.now();
      while (!holds()) {
        if (child.exitCode !== null) throw new Error('Node-RED ended before its time.');
        if (performance.now() - began > mostMs) throw new Error(`Not within ${mostMs} ms: ${what}.`);
        await pause(20);
      }
      return performance.now();
    },
    async stop() {
      if (child.exitCode === null) child.kill();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

/** The pipeline with its defaults; without an archive the originals stay where they are. */
export function pipelineFlow(options: {
  readonly inbox: string;
  readonly url: string;
  readonly archive?: string;
  readonly quietSeconds?: number;
}): object[] {
  const { inbox, url, archive = '', quietSeconds = 5 } = options;
  const z = 'tab';
  return [
    { id: z, type: 'tab', label: 'bench' },
    { id: 'server', type: 'immich-server', url },
    { id: 'w', z, type: 'folder-watch', folders: inbox, server: 'server', wires: [['s'], ['t']] },
    { id: 's', z, type: 'stable-file', quietSeconds: String(quietSeconds), wires: [['u']] },
    { id: 'u', z, type: 'immich-upload', server: 'server', wires: [['a'], ['t']] },
    {
      id: 'a',
      z,
      type: 'archive-move',
      archiveFolder: archive,
      mode: archive ? 'move' : 'keep',
      wires: [[]],
    },
    tellNode('t'),
  ];
}

/** A node that hands states to the program that measures. */
export function tellNode(id: string): object {
  const func = "global.get('tell')({ topic: msg.topic, payload: msg.payload });";
  return { id, z: 'tab', type: 'function', func, outputs: 0, x: 0, y: 0, wires: [] };
}

function settings(): string {
  const fixed = {
    flowFile: 'flows.json',
    uiHost: '127.0.0.1',
    uiPort: 0,
    nodesDir: ROOT,
    telemetry: { enabled: false, updateNotification: false },
    editorTheme: { tours: false },
    logging: { console: { level: 'info', metrics: false, audit: false } },
  };
  return `module.exports = { ...${JSON.stringify(fixed)}, functionGlobalContext: { tell: (m) => process.send(m) } };\n`;
}

async function flowsStarted(child: ChildProcess): Promise<number> {
  const onExit = once(child, 'exit').then(() => Promise.reject(new Error('Node-RED ended at once.')));
  const started = new Promise<number>((tell) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (text.includes('Started flows')) tell(performance.now());
    });
  });
  return Promise.race([started, onExit]);
}

async function askChild<Answer>(child: ChildProcess, question: Question): Promise<Answer> {
  const answer = new Promise<Answer>((tell) => {
    const hear = (message: { answer?: Question; value: Answer }) => {
      if (message.answer !== question) return;
      child.off('message', hear);
      tell(message.value);
    };
    child.on('message', hear);
  });
  child.send({ question });
  return answer;
}

/** Memory of a process in use now and at most so far, in MB (Linux). */
export function memoryOf(pid: number): { rssMB: number; peakMB: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kilobytes = (field: string) => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]);
  return { rssMB: (kilobytes('VmRSS') * 1_024) / MB, peakMB: (kilobytes('VmHWM') * 1_024) / MB };
}

/** Processor time that a process has taken, in milliseconds, to the hundredth of a second (Linux). */
export function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

/** Watches of the operating system that a process holds, and its open descriptors (Linux). */
export function descriptorsOf(pid: number): { watches: number; descriptors: number } {
  let watches = 0;
  const all = readdirSync(`/proc/${pid}/fdinfo`);
  for (const descriptor of all) {
    try {
      const info = readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, 'utf8');
      watches += info.match(/^inotify /gm)?.length ?? 0;
    } catch {
      // Closed meanwhile.
    }
  }
  return { watches, descriptors: all.length };
}

/** Share of one core that a process takes, in percent: the middle one of so many stretches of 10 seconds. */
export async function cpuPercentOf(pid: number, stretches: number): Promise<number> {
  const shares: number[] = [];
  for (let stretch = 0; stretch < stretches; stretch += 1) {
    const [before, began] = [cpuMsOf(pid), performance.now()];
    await pause(10_000);
    shares.push((100 * (cpuMsOf(pid) - before)) / (performance.now() - began));
  }
  return median(shares);
}
