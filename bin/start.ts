/** `npm start`: the main job, at once; on stand-ins when no Immich is named. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { errorCode } from '../lib/file-io.js';
import { apiBases } from '../lib/immich/server-address.js';
import { parseBrokerAddress } from '../lib/mqtt/mqtt-address.js';
import { SettingError, settingBoolean, settingText } from '../lib/settings.js';
import type { Demo } from './demo.js';
import { checkNodeVersion, failureText, loadEnvFile } from './environment.js';
import { type LaunchPlan, planLaunch } from './launch-settings.js';
import type { RunningNodeRed } from './node-red.js';

const NO_NODE_RED =
  'Node-RED is not installed beside this package. Install both in one place, as in "npm install -g node-red @immich-bridge/node-red-immich", or install this package in the Node-RED that you have and import its example flow.';
const NO_TRY_OUT =
  'IMMICH_API_URL: it is not set. Set it and IMMICH_API_KEY, in the environment or in a file .env here. To look around without an Immich, run "npm ci && npm start" in the source of this package.';

/** Node-RED gives its nodes 15 seconds to close. */
const LONGEST_STOP_MS = 20_000;

/**
 * Starts Node-RED with the shipped flow until a signal ends the process.
 * @throws SettingError with what to type or to install instead
 */
export async function start(): Promise<void> {
  const { env } = process;
  loadEnvFile();
  checkNodeVersion();
  const plan = planLaunch(env, process.cwd());
  const isDryRun = settingBoolean('DRY_RUN', env.DRY_RUN, false);
  const { startNodeRed } = await orSay(import('./node-red.js'), NO_NODE_RED);
  const isTryOut = plan.isDemo && !hasTypedAddress(plan);
  const tryOut = isTryOut ? await orSay(import('./demo.js'), NO_TRY_OUT) : undefined;
  makeFolders(isDryRun ? plan.watchFolders : [...plan.watchFolders, plan.archiveFolder], plan);
  env.WATCH_DIRECTORIES = plan.watchFolders.join('\n');
  env.ARCHIVE_DIRECTORY = plan.archiveFolder;
  if (plan.failedFolder !== undefined) env.FAILED_DIRECTORY = plan.failedFolder;

  const demo = await tryOut?.startDemo(env);
  const nodeRed = await startNodeRed(plan).catch(async (error: unknown) => {
    await demo?.stop();
    throw error;
  });
  stopOnSignals(nodeRed, demo);
  console.log(welcome(plan, nodeRed, demo, { env, isDryRun }));
  if (tryOut !== undefined && demo !== undefined && !isDryRun)
    await showSampleTrip(plan, demo, tryOut.dropSample);
}

/**
 * A module that is not in every package.
 * @throws SettingError with the sentence when it, or what it needs, is not there
 */
async function orSay<Module>(module: Promise<Module>, sentence: string): Promise<Module> {
  try {
    return await module;
  } catch (error) {
    if (errorCode(error) !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new SettingError(sentence);
  }
}

/** Whether the flow was changed in the editor to an Immich of its own. */
function hasTypedAddress({ userDir }: LaunchPlan): boolean {
  const flow = join(userDir, 'flows.json');
  return existsSync(flow) && !readFileSync(flow, 'utf8').includes('${IMMICH_API_URL}');
}

function makeFolders(folders: readonly string[], { archiveFolder }: LaunchPlan): void {
  for (const folder of folders) {
    try {
      mkdirSync(folder, { recursive: true });
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
      const field = folder === archiveFolder ? 'ARCHIVE_DIRECTORY' : 'WATCH_DIRECTORIES';
      throw new SettingError(`${field}: the folder ${folder} is missing and cannot be made (${reason}).`);
    }
  }
}

function stopOnSignals(nodeRed: RunningNodeRed, demo: Demo | undefined): void {
  let isStopping = false;
  const stop = () => {
    if (isStopping) process.exit(1);
    isStopping = true;
    console.log(
      '\nStopping. Files that are not yet in Immich stay where they are and are found at the next start.',
    );
    setTimeout(() => process.exit(1), LONGEST_STOP_MS).unref();
    nodeRed
      .stop()
      .then(() => demo?.stop())
      .then(
        () => process.exit(0),
        () => process.exit(1),
      );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

function welcome(
  plan: LaunchPlan,
  nodeRed: RunningNodeRed,
  demo: Demo | undefined,
  { env, isDryRun }: { env: NodeJS.ProcessEnv; isDryRun: boolean },
): string {
  const isOpen = !['127.0.0.1', '::1', 'localhost'].includes(plan.host);
  const lines = [
    '',
    ...(demo === undefined
      ? []
      : [
          'NO IMMICH_API_URL IS SET: THIS RUNS ON A STAND-IN FOR IMMICH THAT KEEPS NOTHING.',
          'USE IT TO LOOK AROUND, NOT FOR YOUR ONLY COPY OF A PHOTO.',
          '',
        ]),
    ...(isDryRun
      ? ['DRY_RUN IS SET: NOTHING IS SENT, MOVED OR REMEMBERED. WHAT WOULD BE DONE IS SAID BELOW.', '']
      : []),
    `  Editor    ${nodeRed.editorUrl}`,
    ...plan.watchFolders.map((folder, index) => `  ${index === 0 ? 'Watches   ' : '          '}${folder}`),
    `  Archive   ${plan.archiveFolder}`,
    `  Immich    ${immichLine(demo, env)}`,
    `  MQTT      ${mqttLine(demo, env)}`,
    '',
    ...(isOpen
      ? [`The editor has no password and can be reached from other machines (HOST=${plan.host}).`]
      : []),
    nextStep(demo, isDryRun),
    '',
  ];
  return lines.join('\n');
}

function nextStep(demo: Demo | undefined, isDryRun: boolean): string {
  if (isDryRun)
    return 'Put photos into the watched folder: what would become of them is said here. Ctrl+C stops; start without DRY_RUN to do it.';
  return demo === undefined
    ? 'Put a photo into the watched folder: it goes to Immich and then to the archive. Ctrl+C stops.'
    : 'Next: set IMMICH_API_URL and IMMICH_API_KEY (in the environment or in a file .env) and start again. Ctrl+C stops.';
}

function immichLine(demo: Demo | undefined, env: NodeJS.ProcessEnv): string {
  if (demo !== undefined) return `${demo.immich.url} (stand-in)`;
  const url = settingText(env.IMMICH_API_URL);
  return url === undefined ? 'as typed in the editor' : new URL(apiBases(url).baseUrl).origin;
}

function mqttLine(demo: Demo | undefined, env: NodeJS.ProcessEnv): string {
  if (demo?.broker !== undefined) return `${demo.broker.url} (embedded)`;
  const url = settingText(env.MQTT_URL);
  // An address may hold a password: only its label is shown.
  return url === undefined ? 'none (set MQTT_URL)' : parseBrokerAddress(url).label;
}

/** Says what happens to the first picture. */
async function showSampleTrip(
  plan: LaunchPlan,
  { immich }: Demo,
  dropSample: (folder: string) => Promise<string | undefined>,
): Promise<void> {
  const [folder] = plan.watchFolders;
  if (folder === undefined) return;
  const sample = await dropSample(folder);
  if (sample === undefined) return;
  const name = basename(sample);
  console.log(`A first picture was put into the watched folder: ${sample}`);
  let isTold = false;
  const timer = setInterval(() => {
    const isUploaded = immich.assets.some(({ fileName }) => fileName === name);
    if (isUploaded && !isTold) console.log(`  ${name} is in Immich`);
    isTold ||= isUploaded;
    if (!isUploaded || existsSync(sample)) return;
    console.log(`  ${name} was confirmed by its checksum, and its original is in the archive`);
    clearInterval(timer);
  }, 200);
  timer.unref();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  start().catch((error: unknown) => {
    console.error(failureText(error));
    process.exit(1);
  });
}
