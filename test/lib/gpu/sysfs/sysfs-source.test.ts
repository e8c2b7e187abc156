import { describe, expect, it } from 'vitest';
import { createSysfsSource } from '../../../../lib/gpu/sysfs/sysfs-source.js';
import { sysfsTree, uevent } from '../../../support/sysfs-tree.js';

const AMD = {
  'card1/device/uevent': uevent('amdgpu', '1002:67DF', '0000:09:00.0'),
  'card1/device/gpu_busy_percent': 11,
  'card1/device/vcn_busy_percent': 4,
  'card1/device/mem_info_vram_total': 4_000,
  'card1/device/mem_info_vram_used': 1_000,
  'card1/device/hwmon/hwmon4/temp1_input': 58_000,
  'card1/device/hwmon/hwmon4/temp1_label': 'junction',
  'card1/device/hwmon/hwmon4/temp2_input': 44_000,
  'card1/device/hwmon/hwmon4/temp2_label': 'edge',
  'card1/device/hwmon/hwmon4/power1_average': 41_045_000,
  'card1/device/hwmon/hwmon4/power1_input': 1,
  'card1/device/hwmon/hwmon4/power1_cap': 155_000_000,
  'card1/device/hwmon/hwmon4/pwm1': 51,
  'card1/device/hwmon/hwmon4/pwm1_max': 255,
  'card1/device/hwmon/hwmon4/freq1_input': 798_080_000,
  'card1/device/hwmon/hwmon4/freq1_label': 'sclk',
  'card1/device/pp_dpm_mclk': '0: 300Mhz \n1: 1750Mhz *',
};

const XE = {
  'card0/device/uevent': uevent('xe', '8086:E20B', '0000:03:00.0'),
  'card0/device/tile0/gt0/gtidle/name': 'gt0-rc',
  'card0/device/tile0/gt0/gtidle/idle_residency_ms': 10_000,
  'card0/device/tile0/gt0/freq0/act_freq': 1_200,
  'card0/device/tile0/gt0/freq0/throttle/status': 1,
  'card0/device/tile0/gt0/freq0/throttle/reason_thermal': 1,
  'card0/device/tile0/gt0/freq0/throttle/reason_pl1': 0,
  'card0/device/tile0/gt1/gtidle/name': 'gt1-mc',
  'card0/device/tile0/gt1/gtidle/idle_residency_ms': 20_000,
  'card0/device/hwmon/hwmon2/energy1_input': 1_000_000,
  'card0/device/hwmon/hwmon2/energy1_label': 'card',
  'card0/device/hwmon/hwmon2/temp2_input': 54_000,
  'card0/device/hwmon/hwmon2/temp2_label': 'pkg',
  'card0/device/hwmon/hwmon2/temp3_input': 99_000,
  'card0/device/hwmon/hwmon2/temp3_label': 'vram',
  'card0/device/hwmon/hwmon2/power1_cap': 190_000_000,
  'card0/device/hwmon/hwmon2/fan1_input': 1_080,
  'card0/device/hwmon/hwmon2/fan1_max': 2_160,
};

const I915 = {
  'card0/device/uevent': uevent('i915', '8086:56A5', '0000:00:02.0'),
  'card0/gt_act_freq_mhz': 600,
  'card0/gt/gt0/rc6_residency_ms': 6_000,
  'card0/gt/gt0/throttle_reason_status': 0,
  'card0/gt/gt0/throttle_reason_pl1': 0,
};

/** Looks at a tree, by a clock that stands still until it is set on. */
function watchTree(files: Parameters<typeof sysfsTree>[0]) {
  const tree = sysfsTree(files);
  const clock = { now: 0 };
  const source = createSysfsSource({ root: tree.root, now: () => clock.now });
  return { ...tree, clock, look: async () => (await source.look()).samples };
}

describe("AMD's cards", () => {
  it('are read in the units of a reading, each value by its label', async () => {
    expect(await watchTree(AMD).look()).toEqual([
      {
        id: '0000:09:00.0',
        index: 0,
        name: 'AMD 1002:67DF',
        vendor: 'amd',
        driver: 'amdgpu',
        state: 'ok',
        loadPercent: 11,
        encoderPercent: 4,
        decoderPercent: null,
        memoryUsedBytes: 1_000,
        memoryTotalBytes: 4_000,
        memoryPercent: 25,
        temperatureC: 44,
        powerW: 41.045,
        powerLimitW: 155,
        fanPercent: 20,
        clockMhz: 798.08,
        memoryClockMhz: 1_750,
        performanceState: null,
        throttleReasons: null,
        processes: null,
      },
    ]);
  });

  it('that say nothing are null, not 0', async () => {
    const [card] = (await watchTree({ 'card1/device/uevent': AMD['card1/device/uevent'] }).look()) ?? [];
    const { id, index, name, vendor, driver, state, ...values } = card ?? {};
    expect(new Set(Object.values(values))).toEqual(new Set([null]));
  });

  it.each(['suspended', 'suspending'])(
    'that sleep (%s) are not read, for that would wake them',
    async (status) => {
      const tree = watchTree({ ...AMD, 'card1/device/power/runtime_status': status });
      expect(await tree.look()).toMatchObject([{ id: '0000:09:00.0', state: 'asleep', loadPercent: null }]);
      tree.write({ 'card1/device/power/runtime_status': 'active' });
      expect(await tree.look()).toMatchObject([{ state: 'ok', loadPercent: 11 }]);
    },
  );
});

describe("Intel's cards", () => {
  it('tell their load and power from the second look on', async () => {
    const tree = watchTree(XE);
    expect(await tree.look()).toMatchObject([
      {
        id: '0000:03:00.0',
        vendor: 'intel',
        driver: 'xe',
        loadPercent: null,
        encoderPercent: null,
        powerW: null,
        temperatureC: 54,
        powerLimitW: 190,
        fanPercent: 50,
        clockMhz: 1_200,
        throttleReasons: ['thermal'],
      },
    ]);
    tree.clock.now = 10_000;
    tree.write({
      'card0/device/tile0/gt0/gtidle/idle_residency_ms': 17_500,
      'card0/device/tile0/gt1/gtidle/idle_residency_ms': 29_000,
      'card0/device/hwmon/hwmon2/energy1_input': 151_000_000,
    });
    expect(await tree.look()).toMatchObject([{ loadPercent: 25, encoderPercent: 10, powerW: 15 }]);
  });

  it('under i915 tell their load by the time they rested', async () => {
    const tree = watchTree(I915);
    expect(await tree.look()).toMatchObject([
      { driver: 'i915', loadPercent: null, clockMhz: 600, temperatureC: null, throttleReasons: [] },
    ]);
    tree.clock.now = 1_000;
    tree.write({ 'card0/gt/gt0/rc6_residency_ms': 6_400, 'card0/gt/gt0/throttle_reason_pl1': 1 });
    expect(await tree.look()).toMatchObject([{ loadPercent: 60, throttleReasons: ['pl1'] }]);
  });

  it('tell nothing from a counter that stepped back, or across a sleep', async () => {
    const tree = watchTree(I915);
    await tree.look();
    tree.clock.now = 1_000;
    tree.write({ 'card0/gt/gt0/rc6_residency_ms': 10 });
    expect(await tree.look()).toMatchObject([{ loadPercent: null }]);
    tree.write({ 'card0/device/power/runtime_status': 'suspended' });
    expect(await tree.look()).toMatchObject([{ state: 'asleep' }]);
    tree.write({ 'card0/device/power/runtime_status': 'active', 'card0/gt/gt0/rc6_residency_ms': 20 });
    tree.clock.now = 2_000;
    expect(await tree.look()).toMatchObject([{ loadPercent: null }]);
  });
});

describe('a machine', () => {
  it('has its cards in the order of their slots, and screens of other makers are left out', async () => {
    const tree = watchTree({
      ...AMD,
      ...XE,
      'card2/device/uevent': uevent('ast', '1A03:2000', '0000:01:00.0'),
      'card3/device/uevent': uevent('nvidia', '10DE:1C31', '0000:02:00.0'),
      'card0-DP-1/status': 'connected',
      'renderD128/device/uevent': uevent('amdgpu', '1002:67DF', '0000:09:00.0'),
      version: 'drm 1.1.0 20060810',
    });
    expect((await tree.look())?.map(({ id, index }) => [id, index])).toEqual([
      ['0000:03:00.0', 0],
      ['0000:09:00.0', 1],
    ]);
  });

  it('from which the last card was taken has none, and is not one that never had any', async () => {
    const tree = watchTree(AMD);
    expect(await tree.look()).toHaveLength(1);
    tree.remove('card1');
    expect(await tree.look()).toEqual([]);
  });

  it.each([
    ['without /sys/class/drm', {}],
    ['with a screen alone', { 'card0/device/uevent': uevent('ast', '1A03:2000', '0000:01:00.0') }],
    ['with a card that is on no bus', { 'card0/device/uevent': 'DRIVER=vc4\nOF_NAME=gpu' }],
  ])('%s has no such GPU', async (_, files) => {
    expect(await watchTree(files).look()).toBeNull();
  });
});
