import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { filesBelow } from '../support/files-below.js';
import { fixturePath, writeCut } from '../support/fixtures.js';
import { eventsOf, PATIENCE, pipelineWorld, startShippedFlow } from '../support/pipeline-world.js';
import { tempFolder } from '../support/world.js';

const photo = fixturePath('photo.jpg');
const png = fixturePath('photo.png');

it('takes the folders, kinds and sizes of files, the key file and the broker from the environment', async () => {
  const secrets = tempFolder();
  const folders = [join(tempFolder(), 'one'), join(tempFolder(), 'two')] as const;
  for (const folder of folders) mkdirSync(folder);
  const here = await pipelineWorld(
    {
      apiKey: 'key-in-a-file',
      broker: { authenticate: (user, password) => user === 'me' && password === 'pass' },
    },
    {
      WATCH_DIRECTORIES: folders.join(', '),
      WATCH_RECURSIVE: 'false',
      SUPPORTED_EXTENSIONS: 'jpg,PNG',
      MAX_FILE_SIZE_MB: '1',
      IMMICH_API_KEY: '',
      IMMICH_API_KEY_FILE: join(secrets, 'key'),
      MQTT_USERNAME: 'me',
      MQTT_PASSWORD_FILE: join(secrets, 'password'),
      MQTT_BASE_TOPIC: 'home/photos',
      MQTT_INSTANCE: 'Attic NAS',
      HA_DISCOVERY_PREFIX: 'ha',
      UPLOAD_CONCURRENCY: '1',
    },
  );
  here.env.IMMICH_API_URL = `${here.server.url}/api/`;
  writeFileSync(join(secrets, 'key'), 'key-in-a-file\n');
  writeFileSync(join(secrets, 'password'), 'pass\n');
  const [one, two] = folders;
  mkdirSync(join(one, 'below'));
  copyFileSync(photo, join(one, 'a.JPG'));
  copyFileSync(png, join(two, 'b.png'));
  copyFileSync(photo, join(one, 'below', 'not-recursive.jpg'));
  copyFileSync(fixturePath('photo.webp'), join(one, 'not-listed.webp'));
  writeFileSync(join(two, 'too-large.jpg'), Buffer.alloc(1_100_000, 1));

  await startShippedFlow(here);
  await vi.waitFor(() => expect(filesBelow(here.archive)).toEqual(['a.JPG', 'b.png']), PATIENCE);
  const document = 'ha/device/immich_bridge_attic-nas/config';
  const topics = () => here.broker.messages.map(({ topic }) => topic);
  await vi.waitFor(() => {
    const wanted = ['status', 'event/upload', 'uploader/state'].map((end) => `home/photos/attic-nas/${end}`);
    expect(topics()).toEqual(expect.arrayContaining([...wanted, document]));
  }, PATIENCE);
  expect(
    topics().filter((topic) => !topic.startsWith('home/photos/attic-nas/') && topic !== document),
  ).toEqual([]);
  expect(here.server.assets).toHaveLength(2);
  // An original goes a moment after its copy in the archive is there.
  await vi.waitFor(() => {
    expect(filesBelow(one)).toEqual(['below/not-recursive.jpg', 'not-listed.webp']);
    expect(filesBelow(two)).toEqual(['too-large.jpg']);
  }, PATIENCE);
});

it('keeps at most UPLOAD_CONCURRENCY files on their way', async () => {
  const here = await pipelineWorld({}, { UPLOAD_CONCURRENCY: '2' });
  here.server.fail({ kind: 'delay', delayMs: 200, path: '/api/assets' });
  for (let index = 0; index < 8; index += 1)
    writeFileSync(join(here.inbox, `${index}.jpg`), `photo ${index}`);
  let most = 0;
  const open = () =>
    here.server.requests.filter(({ path, outcome }) => path === '/api/assets' && outcome === 'open').length;
  const timer = setInterval(() => {
    most = Math.max(most, open());
  }, 5);
  await startShippedFlow(here);
  await vi.waitFor(() => expect(filesBelow(here.archive)).toHaveLength(8), PATIENCE);
  clearInterval(timer);
  expect(most).toBe(2);
});

it('waits for each file as long as the stability settings say, longer for large ones', async () => {
  const here = await pipelineWorld(
    {},
    {
      FILE_STABILITY_WAIT_SECONDS: '1',
      FILE_STABILITY_WAIT_SECONDS_VIDEO: '4',
      MIN_STABILITY_WAIT_SIZE_MB: '1',
      FILE_STABILITY_CHECK_INTERVAL: '0.2',
    },
  );
  await startShippedFlow(here);
  const droppedAt = performance.now();
  writeFileSync(join(here.inbox, 'small.jpg'), 'small');
  writeFileSync(join(here.inbox, 'large.jpg'), Buffer.alloc(1_100_000, 1));
  const secondsUntil = async (name: string) => {
    await vi.waitFor(
      () => expect(here.server.assets.map(({ fileName }) => fileName)).toContain(name),
      PATIENCE,
    );
    return (performance.now() - droppedAt) / 1_000;
  };
  const small = await secondsUntil('small.jpg');
  expect(small).toBeGreaterThanOrEqual(1);
  expect(small).toBeLessThan(4);
  expect(await secondsUntil('large.jpg')).toBeGreaterThanOrEqual(4);
});

it('looks no oftener than FILE_STABILITY_CHECK_INTERVAL says', async () => {
  const here = await pipelineWorld(
    {},
    { FILE_STABILITY_WAIT_SECONDS: '0.1', FILE_STABILITY_CHECK_INTERVAL: '3' },
  );
  await startShippedFlow(here);
  // Each stands still after a tenth of a second, and is looked at no sooner than three seconds after it was found.
  const written: number[] = [];
  for (let index = 0; index < 4; index += 1) {
    written.push(Date.now());
    writeFileSync(join(here.inbox, `${index}.jpg`), `photo ${index}`);
    await vi.waitFor(() => expect(here.server.assets).toHaveLength(index + 1), PATIENCE);
  }
  const waits = here.server.requests
    .filter(({ path }) => path === '/api/assets')
    .map(({ startedAt }, index) => startedAt.getTime() - (written[index] ?? 0));
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(2_990);
});

it('uploads a truncated video when VERIFY_VIDEO_INTEGRITY is off', async () => {
  const here = await pipelineWorld({}, { VERIFY_VIDEO_INTEGRITY: 'false' });
  await writeCut(join(here.inbox, 'video.mp4'), 'whole.mp4', 2_000);
  await startShippedFlow(here);
  await vi.waitFor(() => expect(filesBelow(here.archive)).toEqual(['video.mp4']), PATIENCE);
});

it('runs without a broker, and says for each wrong setting what to type', async () => {
  const here = await pipelineWorld({}, { MQTT_URL: '' });
  copyFileSync(photo, join(here.inbox, 'photo.jpg'));
  await startShippedFlow(here);
  await vi.waitFor(() => expect(filesBelow(here.archive)).toEqual(['photo.jpg']), PATIENCE);
  expect(eventsOf(here)).toEqual([]);

  const wrong = await pipelineWorld(
    {},
    { UPLOAD_CONCURRENCY: 'many', WATCH_RECURSIVE: 'perhaps', MAX_FILE_SIZE_MB: '-1' },
  );
  copyFileSync(photo, join(wrong.inbox, 'photo.jpg'));
  const nodeRed = await startShippedFlow(wrong);
  await vi.waitFor(() => expect(nodeRed.output()).toContain('"many" does not work here'), PATIENCE);
  expect(nodeRed.output()).toMatch(/"(perhaps|-1)" does not work here/);
  expect(nodeRed.output()).not.toMatch(/\n\s+at .*\.js:\d+/);
  expect(filesBelow(wrong.inbox)).toEqual(['photo.jpg']);
});
