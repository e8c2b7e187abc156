/** `npm start`: the main job, at once; on stand-ins when no Immich is named. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { apiBase } from '../lib/immich/server-address.js';
import { parseBrokerAddress } from '../lib/mqtt/mqtt-address.js';
import { SettingError, settingText } from '../lib/settings.js';
import { type Demo, dropSample, startDemo } from './demo.js';
import { type LaunchPlan, planLaunch } from './launch-settings.js';
import { type RunningNodeRed, startNodeRed } from './node-red.js';

/** Node-RED gives its nodes 15 seconds to close. */
const LONGEST_STOP_MS = 20_000;

async function main(): Promise<void> {
  const { env } = process;
  const envFile = resolve('.env');
  if (existsSync(envFile)) process.loadEnvFile(envFile);
  checkNodeVersion(process.versions.node);
  const plan = planLaunch(env, process.cwd());
  makeFolders(plan);
  env.WATCH_DIRECTORIES = plan.watchFolders.join('\n');
  env.ARCHIVE_DIRECTORY = plan.archiveFolder;

  const demo = plan.isDemo && !hasTypedAddress(plan) ? await startDemo(env) : undefined;
  const nodeRed = await startNodeRed(plan).catch(async (error: unknown) => {
    await demo?.stop();
    throw error;
  });
  stopOnSignals(nodeRed, demo);
  console.log(welcome(plan, nodeRed, demo, env));
  if (demo !== undefined) await showSampleTrip(plan, demo);
}

/** Node-RED 4.1 takes ES modules from these versions on. */
function checkNodeVersion(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19)) return;
  throw new SettingError(`Node.js ${version} is too old here: install 20.19, 22.12 or a newer version.`);
}

/** Whether the flow was changed in the editor to an Immich of its own. */
function hasTypedAddress({ userDir }: LaunchPlan): boolean {
  const flow = join(userDir, 'flows.json');
  return existsSync(flow) && !readFileSync(flow, 'utf8').includes('${IMMICH_API_URL}');
}

function makeFolders({ watchFolders, archiveFolder }: LaunchPlan): void {
  for (const folder of [...watchFolders, archiveFolder]) {
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
  env: NodeJS.ProcessEnv,
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
    `  Editor    ${nodeRed.editorUrl}`,
    ...plan.watchFolders.map((folder, index) => `  ${index === 0 ? 'Watches   ' : '          '}${folder}`),
    `  Archive   ${plan.archiveFolder}`,
    `  Immich    ${immichLine(demo, env)}`,
    `  MQTT      ${mqttLine(demo, env)}`,
    '',
    ...(isOpen
      ? [`The editor has no password and can be reached from other machines (HOST=${plan.host}).`]
      : []),
    demo === undefined
      ? 'Put a photo into the watched folder: it goes to Immich and then to the archive. Ctrl+C stops.'
      : 'Next: set IMMICH_API_URL and IMMICH_API_KEY (in the environment or in a file .env) and start again. Ctrl+C stops.',
    '',
  ];
  return lines.join('\n');
}

function immichLine(demo: Demo | undefined, env: NodeJS.ProcessEnv): string {
  if (demo !== undefined) return `${demo.immich.url} (stand-in)`;
  const url = settingText(env.IMMICH_API_URL);
  return url === undefined ? 'as typed in the editor' : new URL(apiBase(url)).origin;
}

function mqttLine(demo: Demo | undefined, env: NodeJS.ProcessEnv): string {
  if (demo?.broker !== undefined) return `${demo.broker.url} (embedded)`;
  const url = settingText(env.MQTT_URL);
  // An address may hold a password: only its label is shown.
  return url === undefined ? 'none (set MQTT_URL)' : parseBrokerAddress(url).label;
}

/** Says what happens to the first picture. */
async function showSampleTrip(plan: LaunchPlan, { immich }: Demo): Promise<void> {
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

main().catch((error: unknown) => {
  console.error(`\n${error instanceof SettingError ? error.message : error}\n`);
  process.exit(1);
});
