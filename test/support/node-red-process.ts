import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { vi } from 'vitest';
import { whenOver } from './ending.js';
import { freePort } from './free-port.js';

/** The project's own folder. */
export const projectRoot = resolve(import.meta.dirname, '../..');

/** The folder of the node-red package under test: that of `NODE_RED_DIR`, else the one in node_modules. */
export const nodeRedDir =
  process.env.NODE_RED_DIR ?? dirname(createRequire(import.meta.url).resolve('node-red/package.json'));

export interface NodeRedOptions {
  /** Made when it is missing. */
  readonly userDir: string;
  /** The flow to start with; taken only when the user directory has none yet. */
  readonly flowFile?: string;
  /** Where packs are preloaded from; the project itself by default, null for none. */
  readonly nodesDir?: string | null;
  readonly env?: Record<string, string>;
  /** Further settings of Node-RED. */
  readonly settings?: object;
  /** Arguments for node itself. */
  readonly nodeArguments?: readonly string[];
  /** How long the flows may take to start, in milliseconds. */
  readonly patienceMs?: number;
}

/** Node-RED as people run it: a process of its own. */
export interface NodeRedProcess {
  readonly url: string;
  readonly process: ChildProcess;
  /** All that it has printed. */
  output(): string;
  /** Asks it to stop and waits until it has; resolves to its exit code. */
  stop(): Promise<number | null>;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
}

/** The environment of the tests without the settings that this pack reads. */
export function cleanEnvironment(): Record<string, string> {
  const ours =
    /^(IMMICH_|MQTT_|WATCH_|ARCHIVE_|FILE_STABILITY|MIN_STAB|MAX_FILE|SUPPORTED_|VERIFY_|UPLOAD_|HA_|LOG_LEVEL|PORT|HOST$|NODE_OPTIONS|VITEST)/;
  const kept = Object.entries(process.env).filter(([name, value]) => value !== undefined && !ours.test(name));
  return Object.fromEntries(kept) as Record<string, string>;
}

/** Starts Node-RED and resolves when its flows run; it is stopped after the test. */
export async function startNodeRedProcess(options: NodeRedOptions): Promise<NodeRedProcess> {
  const {
    userDir,
    flowFile,
    nodesDir = projectRoot,
    env = {},
    nodeArguments = [],
    patienceMs = 60_000,
  } = options;
  mkdirSync(userDir, { recursive: true });
  if (flowFile !== undefined) copyFileSync(flowFile, join(userDir, 'flows.json'));
  const port = await freePort();
  const settings = {
    flowFile: 'flows.json',
    uiHost: '127.0.0.1',
    uiPort: port,
    ...(nodesDir === null ? {} : { nodesDir }),
    telemetry: { enabled: false, updateNotification: false },
    editorTheme: { tours: false },
    logging: { console: { level: 'debug', metrics: false, audit: false } },
    ...options.settings,
  };
  writeFileSync(join(userDir, 'settings.js'), `module.exports = ${JSON.stringify(settings)};\n`);
  const args = [...nodeArguments, join(nodeRedDir, 'red.js'), '--userDir', userDir];
  const child = spawn(process.execPath, args, { env: { ...cleanEnvironment(), ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const exited = once(child, 'exit');
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await exited;
    return child.exitCode;
  };
  whenOver(() => end('SIGKILL'));
  await vi.waitFor(
    () => {
      if (child.exitCode !== null) throw new Error(`Node-RED ended:\n${output}`);
      if (!/Started flows|Flows sind gestartet/.test(output))
        throw new Error(`Node-RED did not start its flows:\n${output}`);
    },
    { timeout: patienceMs, interval: 100 },
  );
  return {
    url: `http://127.0.0.1:${port}`,
    process: child,
    output: () => output,
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
  };
}
