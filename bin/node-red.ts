import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import RED from 'node-red';
import { SettingError } from '../lib/settings.js';
import type { LaunchPlan } from './launch-settings.js';

const root = resolve(import.meta.dirname, '../..');
const FLOW_FILE = 'flows.json';

/** Of the many settings of Node-RED those that this file looks at. */
interface OwnSettings {
  readonly nodesDir: string | readonly string[];
  readonly credentialSecret: string | false;
}

/** A running Node-RED. */
export interface RunningNodeRed {
  /** Address of the editor. */
  readonly editorUrl: string;
  stop(): Promise<void>;
}

/**
 * Starts Node-RED with this pack preloaded. The shipped flow is taken the first time; later on the one that
 * lies in the user directory, which may have been changed in the editor.
 * @throws SettingError when the address is taken
 */
export async function startNodeRed(plan: LaunchPlan): Promise<RunningNodeRed> {
  mkdirSync(plan.userDir, { recursive: true });
  const flowFile = join(plan.userDir, FLOW_FILE);
  // Not copied: the copy of a read-only file is read-only, too.
  if (!existsSync(flowFile)) writeFileSync(flowFile, readFileSync(join(root, 'examples/immich-bridge.json')));

  const server = createServer((request, response) => RED.httpAdmin(request, response));
  const { nodesDir = [], ...own } = ownSettings(plan.userDir);
  const settings = {
    httpAdminRoot: '/',
    httpNodeRoot: '/',
    telemetry: { enabled: false, updateNotification: false },
    editorTheme: { tours: false, page: { title: 'Immich Bridge' } },
    ...own,
    userDir: plan.userDir,
    flowFile: FLOW_FILE,
    credentialSecret: own.credentialSecret ?? credentialSecret(plan.userDir),
    uiHost: plan.host,
    uiPort: plan.port,
    logging: { console: { level: plan.logLevel, metrics: false, audit: false } },
  };
  // Node-RED takes several; its types know of one.
  Object.assign(settings, { nodesDir: [root, nodesDir].flat() });
  RED.init(server, settings);
  await listen(server, plan);
  await RED.start();
  // Pages of the user's own nodes; Node-RED's command line serves both in the same way.
  RED.httpAdmin.use(RED.httpNode);
  const { port } = server.address() as AddressInfo;
  const host = plan.host.includes(':') ? `[${plan.host}]` : plan.host;
  return {
    editorUrl: `http://${host}:${port}/`,
    async stop() {
      await RED.stop();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/**
 * The user's own `settings.js` in the user directory, as Node-RED's command line reads it: a login for the editor, for
 * example. Address, folders and log level stay those of the environment.
 * @throws SettingError when it cannot be loaded
 */
function ownSettings(userDir: string): Partial<OwnSettings> {
  const file = join(userDir, 'settings.js');
  if (!existsSync(file)) return {};
  try {
    return createRequire(file)(file) as Partial<OwnSettings>;
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown reason';
    throw new SettingError(`${file} cannot be loaded: ${reason}`);
  }
}

/** The key with which Node-RED encrypts what is typed into password fields: made once, readable by the owner. */
function credentialSecret(userDir: string): string {
  const file = join(userDir, 'credential-secret');
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}

function listen(server: Server, { host, port }: LaunchPlan): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'EADDRINUSE'
          ? `PORT: ${port} is in use on ${host}. Is it running already? If not, type another, as in PORT=${port + 1} npm start.`
          : `HOST, PORT: the editor cannot listen on ${host}:${port} (${error.code}).`;
      reject(new SettingError(reason));
    });
    server.listen(port, host, () => resolve());
  });
}
