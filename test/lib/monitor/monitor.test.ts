import { describe, expect, it } from 'vitest';
import { createMonitor } from '../../../lib/monitor/monitor.js';
import type { MonitorPart } from '../../../lib/monitor/monitor-part.js';
import { NO_PAUSE } from '../../../lib/upload/pause.js';
import { createUploadTally, type UploadState } from '../../../lib/upload/upload-state.js';

const START = Date.parse('2026-11-26T10:00:00Z');

/** A monitor with a clock that stands still until it is set. */
function world(options = {}) {
  let ms = START;
  const monitor = createMonitor({ now: () => new Date(ms), ...options });
  const later = (by: number) => {
    ms += by;
  };
  return { monitor, later };
}

const record = (name: string, more = {}) => ({
  path: `/home/anna/inbox/trip/${name}`,
  folder: '/home/anna/inbox',
  relativePath: `trip/${name}`,
  sizeBytes: 1_000,
  ...more,
});

const uploaded = (name: string) => record(name, { assetId: `id of ${name}`, uploadOutcome: 'created' });

const uploader = (more: Partial<MonitorPart> = {}) =>
  ({
    stage: 'uploaded',
    waiting: () => 3,
    state: () =>
      createUploadTally().describe({
        entries: [],
        pause: { ...NO_PAUSE, isPaused: true },
        trouble: undefined,
        concurrency: 4,
        addresses: [],
      }),
    underway: () => [{ path: '/home/anna/inbox/trip/b.jpg', sizeBytes: 100, sentBytes: 40 }],
    origin: () => 'http://photos.lan:2283',
    ...more,
  }) as MonitorPart;

describe('the monitor', () => {
  it('counts each stage of a file once, whatever is told twice', () => {
    const { monitor } = world();
    for (const name of ['a.jpg', 'b.jpg', 'a.jpg']) monitor.see('watch', 'file/found', record(name));
    monitor.see('stable', 'file/stable', record('a.jpg'));
    monitor.add('upload', uploader());
    const { stages, files } = monitor.view(0);
    expect(stages).toEqual({
      found: { passed: 2, waiting: 0 },
      stable: { passed: 1, waiting: 0 },
      uploaded: { passed: 0, waiting: 3 },
      archived: { passed: 0, waiting: 0 },
    });
    expect(files.map(({ name, stage }) => [name, stage])).toEqual([
      ['b.jpg', 'found'],
      ['a.jpg', 'stable'],
    ]);
  });

  it('shows what travels with a photo where the photo is, and counts it as it counted it when it was found', () => {
    const { monitor } = world();
    for (const name of ['a.jpg', 'a.xmp', 'a.mov']) monitor.see('watch', 'file/found', record(name));
    const companions = [
      record('a.xmp', { kind: 'sidecar', assetId: null }),
      record('a.mov', { kind: 'live-video', assetId: 'id of a.mov' }),
    ];
    monitor.see('upload', 'file/uploaded', { ...uploaded('a.jpg'), companions });
    monitor.add('upload', uploader());
    const { stages, files, hour } = monitor.view(0);
    expect([stages.found.passed, stages.uploaded.passed]).toEqual([3, 3]);
    expect(files.map(({ name, stage }) => [name, stage])).toEqual([
      ['a.jpg', 'uploaded'],
      ['a.xmp', 'uploaded'],
      ['a.mov', 'uploaded'],
    ]);
    // A sidecar is no photo.
    expect(hour.files.at(-1)).toBe(2);
  });

  it('shows names and folders below the watched one, and no path of the machine', () => {
    const { monitor } = world();
    monitor.add('upload', uploader());
    monitor.see('watch', 'file/found', record('b.jpg'));
    monitor.see('upload', 'file/uploaded', uploaded('a.jpg'));
    monitor.failed('upload', record('c.jpg'), new Error('Immich refuses it.'));
    const view = monitor.view(0);
    expect(view.underway).toEqual([{ id: '1', name: 'b.jpg', sizeBytes: 100, sentBytes: 40 }]);
    expect(view.failures).toMatchObject([{ name: 'c.jpg', folder: 'trip', reason: 'Immich refuses it.' }]);
    expect(JSON.stringify(view)).not.toContain('anna');
  });

  it.each([
    ['an uploaded file to its page', 'file/uploaded', 'http://photos.lan:2283/photos/id%20of%20a.jpg'],
    ['a found file nowhere', 'file/found', null],
  ])('links %s', (_, topic, link) => {
    const { monitor } = world();
    monitor.add('upload', uploader());
    monitor.see('upload', topic, topic === 'file/found' ? record('a.jpg') : uploaded('a.jpg'));
    expect(monitor.view(0).files).toMatchObject([{ link }]);
  });

  it('links a file in the trash to the trash', () => {
    const { monitor } = world();
    monitor.add('upload', uploader());
    monitor.failed('upload', record('a.jpg'), Object.assign(new Error('In the trash.'), { kind: 'trashed' }));
    expect(monitor.view(0).failures).toMatchObject([{ link: 'http://photos.lan:2283/trash' }]);
  });

  it('tells only what changed since, and failures only when one did', () => {
    const { monitor } = world();
    monitor.see('watch', 'file/found', record('a.jpg'));
    monitor.failed('upload', record('b.jpg'), new Error('no'));
    const { seq } = monitor.view(0);
    expect(monitor.view(seq)).toMatchObject({ files: [] });
    expect(monitor.view(seq)).not.toHaveProperty('failures');
    monitor.see('stable', 'file/stable', record('a.jpg'));
    expect(monitor.view(seq).files.map(({ name }) => name)).toEqual(['a.jpg']);
  });

  it('takes a failure back when the file goes on', () => {
    const { monitor } = world();
    monitor.failed('upload', record('a.jpg'), new Error('no'));
    const { seq } = monitor.view(0);
    monitor.see('upload', 'file/uploaded', uploaded('a.jpg'));
    expect(monitor.view(seq).failures).toEqual([]);
  });

  it('keeps failures without a file to itself', () => {
    const { monitor } = world();
    for (const payload of [undefined, null, 'rescan', { path: 'relative.jpg' }, 7]) {
      monitor.failed('upload', payload, new Error('no'));
    }
    expect(monitor.view(0)).toMatchObject({ files: [] });
  });

  it('counts what arrived by the minute, for an hour', () => {
    const { monitor, later } = world();
    monitor.see('upload', 'file/uploaded', uploaded('a.jpg'));
    later(59 * 60_000);
    monitor.see('upload', 'file/uploaded', uploaded('b.jpg'));
    monitor.see('upload', 'file/uploaded', uploaded('c.jpg'));
    const { files, bytes } = monitor.view(0).hour;
    expect([files[0], files[59], bytes[59]]).toEqual([1, 2, 2_000]);
    later(60_000);
    expect(monitor.view(0).hour.files.filter((count) => count > 0)).toEqual([2]);
  });

  it('remembers 200 files and 200 failures of 10,000, and 60 minutes of a day', () => {
    const { monitor, later } = world();
    for (let index = 0; index < 10_000; index += 1) {
      monitor.see('upload', 'file/uploaded', uploaded(`${index}.jpg`));
      monitor.failed('upload', record(`f${index}.jpg`), new Error('no'));
      later(9_000);
    }
    const { files, failures, hour, stages } = monitor.view(0);
    expect([files.length, failures?.length, hour.files.length]).toEqual([200, 200, 60]);
    expect(stages.uploaded.passed).toBe(10_000);
    expect(failures?.[0]).toMatchObject({ name: 'f9999.jpg' });
  });

  it('names twelve of the files on their way and counts the others', () => {
    const { monitor } = world();
    const underway = () =>
      Array.from({ length: 40 }, (_, index) => ({ path: `/in/${index}.jpg`, sizeBytes: 10, sentBytes: 99 }));
    monitor.add('upload', uploader({ underway }));
    const view = monitor.view(0);
    expect([view.underway.length, view.underwayCount]).toEqual([12, 40]);
    expect(view.underway[0]).toMatchObject({ sentBytes: 10 });
  });

  it('says in a sentence that files wait for another address, and which one is in use', () => {
    const { monitor } = world();
    const addressNotice = 'Immich is used at https://photos.example.org, its address number 2.';
    const state = { ...(uploader() as { state(): UploadState }).state(), waitingForAddress: 3 };
    monitor.add('upload', uploader({ state: () => state }));
    monitor.see('health', 'immich/health', { isReachable: true, addressNotice });
    const { uploaders, servers } = monitor.view(0);
    expect(uploaders[0]?.problem).toMatch(/too large for the address in use.*: 3\.$/);
    expect(servers[0]?.problem).toBe(addressNotice);
  });

  it('shows servers and GPUs until their node closes', () => {
    const { monitor } = world();
    monitor.see('health', 'immich/health', {
      isReachable: true,
      url: 'http://photos.lan',
      version: '2.7.5',
      storage: { usedPercent: 91 },
      backlog: { machineLearning: 3, thumbnails: 2 },
      alerts: { storage: true, down: false },
    });
    monitor.see('gpu', 'gpu/reading', { id: 'GPU-1', name: 'P1000', state: 'ok', loadPercent: 7 });
    monitor.see('gpu', 'gpu/reading', 'no reading');
    const { servers, gpus } = monitor.view(0);
    expect(servers).toMatchObject([
      { version: '2.7.5', storagePercent: 91, backlog: 5, alerts: ['storage'] },
    ]);
    expect(gpus).toMatchObject([{ id: 'GPU-1', loadPercent: 7, temperatureC: null }]);
    monitor.forget('health');
    monitor.forget('gpu');
    expect(monitor.view(0)).toMatchObject({ servers: [], gpus: [] });
  });
});
