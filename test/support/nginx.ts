import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { freePort } from './free-port.js';
import { projectRoot } from './node-red-process.js';
import { tempFolder } from './world.js';

export interface NginxOptions {
  /** Port of the Immich behind it, on this machine. */
  readonly immichPort: number;
  /** Changes the configuration of the project before it is used. */
  readonly change?: (config: string) => string;
}

/** An nginx with the project's own configuration for Immich. */
export interface Nginx {
  readonly url: string;
  /** Of all its processes, the largest resident memory in bytes that Linux has counted; 0 elsewhere. */
  peakRssBytes(): number;
  /** Bodies of requests that lie on its disk at this moment, as far as Linux tells. */
  bodiesOnDisk(): number;
}

/** Whether nginx can be run here. */
export function hasNginx(): boolean {
  return spawnSync('nginx', ['-v'], { stdio: 'ignore' }).error === undefined;
}

/** Starts it on a free port and resolves when it listens; it is stopped after the test. */
export async function startNginx({ immichPort, change = (config) => config }: NginxOptions): Promise<Nginx> {
  const folder = tempFolder();
  const bodies = join(folder, 'bodies');
  mkdirSync(bodies);
  const port = await freePort();
  const shipped = readFileSync(join(projectRoot, 'deploy/nginx.conf'), 'utf8')
    .replace('listen 80;', `listen 127.0.0.1:${port};`)
    .replace('server 127.0.0.1:2283;', `server 127.0.0.1:${immichPort};`);
  writeFileSync(join(folder, 'immich.conf'), change(shipped));
  writeFileSync(join(folder, 'nginx.conf'), mainConfig(folder, bodies));
  const args = ['-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')];
  const child = spawn('nginx', args, { stdio: 'ignore' });
  const gone = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await gone;
  });
  while (!(await isListening(port))) {
    if (child.exitCode !== null) throw new Error(readFileSync(join(folder, 'error.log'), 'utf8'));
    await pause(20);
  }
  return {
    url: `http://127.0.0.1:${port}`,
    peakRssBytes: () => Math.max(0, ...processesOf(child.pid).map(peakRssBytes)),
    bodiesOnDisk: () =>
      processesOf(child.pid)
        .flatMap(openFilesOf)
        .filter((path) => path.startsWith(bodies)).length,
  };
}

/** Peak of the resident memory of a process in bytes, as Linux counts it; 0 when there is no such process, or no Linux. */
export function peakRssBytes(pid: number): number {
  return ofProcess(0, () => {
    const [, kilobytes = 0] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) * 1024;
  });
}

/** The files that a process has open, those that have no name any more included: nginx takes it away at once. */
function openFilesOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  const names = ofProcess([], () => readdirSync(folder));
  return names.flatMap((name) => ofProcess([], () => [readlinkSync(join(folder, name))]));
}

function processesOf(pid: number | undefined): number[] {
  if (pid === undefined) return [];
  const children = ofProcess('', () => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
  return [pid, ...(children === '' ? [] : children.split(' ').map(Number))];
}

/** What Linux tells of a process; else the fallback, because a process may end at any moment. */
function ofProcess<Told>(fallback: Told, ask: () => Told): Told {
  try {
    return ask();
  } catch {
    return fallback;
  }
}

/** What a system has in /etc/nginx/nginx.conf, with every path in a folder of the test. */
function mainConfig(folder: string, bodies: string): string {
  const temp = ['proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `  ${kind}_temp_path ${folder}/${kind};`);
  return [
    // Started by root it would become another user, who cannot read the folder.
    ...(process.getuid?.() === 0 ? [`user ${userInfo().username};`] : []),
    'daemon off;',
    'worker_processes 1;',
    `pid ${folder}/nginx.pid;`,
    'events {}',
    'http {',
    '  access_log off;',
    `  client_body_temp_path ${bodies};`,
    ...temp,
    `  include ${folder}/immich.conf;`,
    '}',
  ].join('\n');
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const isUp = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isUp;
}
