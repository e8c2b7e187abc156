import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { NodeProgram } from '../harness/node-program.js';
import { forgetPeak, lookAtProcess, waitForRest } from '../harness/process-figures.js';
import type { Figures } from '../harness/turns.js';
import type { Program, Task } from './program.js';

const LAUNCHER = resolve(import.meta.dirname, '../../bin/start.js');

/** The longest that a run may take. */
const LIMIT_MS = 300_000;

export interface PipelineOptions {
  /** Of a broker to tell; none by default. */
  readonly mqttUrl?: string;
  /** For Node.js itself, as for a profile. */
  readonly nodeArguments?: readonly string[];
}

/**
 * The shipped flow in a Node-RED of its own, fresh each time. It comes to rest first; then the folder with the files
 * is moved into the watched one, at once, and the clock runs until the last original is in the archive. The quiet time is
 * nothing, because how long a file must stand still is a setting and no speed.
 */
export function nodeRedPipeline(
  node: NodeProgram,
  { mqttUrl = '', nodeArguments = [] }: PipelineOptions = {},
): Program {
  return async (task) => {
    const home = mkdtempSync(join(task.scratch, 'node-red-'));
    const inbox = join(home, 'inbox');
    mkdirSync(inbox);
    const nodeRed = startFlow(
      { ...environmentOf(task, home, inbox), MQTT_URL: mqttUrl },
      home,
      node.path,
      nodeArguments,
    );
    try {
      return await measure(nodeRed, task, join(inbox, 'new'));
    } finally {
      nodeRed.kill();
      if (nodeRed.exitCode === null && nodeRed.signalCode === null) await once(nodeRed, 'exit');
      await rm(home, { recursive: true, force: true, maxRetries: 10 });
    }
  };
}

function environmentOf({ server, concurrency }: Task, home: string, inbox: string): Record<string, string> {
  return {
    IMMICH_API_URL: server.url,
    IMMICH_API_KEY: server.apiKey,
    WATCH_DIRECTORIES: inbox,
    ARCHIVE_DIRECTORY: join(home, 'archive'),
    FILE_STABILITY_WAIT_SECONDS: '0',
    FILE_STABILITY_WAIT_SECONDS_VIDEO: '0',
    FILE_STABILITY_CHECK_INTERVAL: '0.05',
    // The large files here are no videos.
    VERIFY_VIDEO_INTEGRITY: 'false',
    UPLOAD_CONCURRENCY: String(concurrency),
    IMMICH_BRIDGE_DIR: join(home, 'user'),
    MQTT_INSTANCE: 'bench',
    PORT: '0',
  };
}

function startFlow(
  env: Record<string, string>,
  cwd: string,
  execPath: string,
  execArgv: readonly string[],
): ChildProcess {
  return fork(LAUNCHER, {
    cwd,
    env: { ...process.env, ...env },
    execPath,
    execArgv: [...execArgv],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}

async function measure(nodeRed: ChildProcess, { server, files }: Task, target: string): Promise<Figures> {
  await untilStarted(nodeRed);
  const pid = nodeRed.pid ?? 0;
  const idle = await waitForRest(pid);
  forgetPeak(pid);
  await server.tell('begin');
  const began = performance.now();
  renameSync(files.folder, target);
  await untilEmpty(target, nodeRed);
  const wholeSeconds = (performance.now() - began) / 1_000;
  const now = lookAtProcess(pid);
  const peakMB = now?.peakMB ?? Number.NaN;
  return {
    wholeSeconds,
    cpuSeconds: (now?.cpuSeconds ?? Number.NaN) - idle.cpuSeconds,
    peakMB,
    idleMB: idle.rssMB,
    growthMB: peakMB - idle.rssMB,
  };
}

function untilStarted(nodeRed: ChildProcess): Promise<void> {
  return new Promise((started, failed) => {
    let said = '';
    for (const stream of [nodeRed.stdout, nodeRed.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-5_000);
        if (said.includes('Editor  ')) started();
      });
    }
    nodeRed.once('exit', () => failed(new Error(`Node-RED ended before its time:\n${said}`)));
  });
}

/** Until every file has left the folder. */
async function untilEmpty(folder: string, nodeRed: ChildProcess): Promise<void> {
  const until = performance.now() + LIMIT_MS;
  while ((await readdir(folder)).length > 0) {
    if (nodeRed.exitCode !== null) throw new Error('Node-RED ended before its time.');
    if (performance.now() > until) throw new Error('Node-RED did not bring all files in time.');
    await pause(25);
  }
}
