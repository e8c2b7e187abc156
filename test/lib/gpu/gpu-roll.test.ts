import { describe, expect, it } from 'vitest';
import type { GpuAlertLimits } from '../../../lib/gpu/gpu-alerts.js';
import { createGpuRoll } from '../../../lib/gpu/gpu-roll.js';
import { type GpuSample, sampleOf } from '../../../lib/gpu/gpu-sample.js';

const LIMITS: GpuAlertLimits = {
  temperatureC: 80,
  memoryPercent: 95,
  encoderPercent: 90,
  hasThrottling: true,
  hasLost: true,
  holdMs: 60_000,
};

const gpu = (values: Partial<GpuSample> = {}) =>
  sampleOf({ id: 'GPU-1', index: 0, name: 'Card', vendor: 'nvidia', ...values });

/** A roll by a clock that goes on 30 seconds with each look. */
function rollOf(limits: Partial<GpuAlertLimits> = {}) {
  let now = 0;
  const roll = createGpuRoll({
    limits: { ...LIMITS, ...limits },
    now: () => now,
    today: () => new Date(now),
  });
  const look = (...samples: GpuSample[]) => {
    const call = roll.take('nvidia', samples, true);
    now += 30_000;
    return call;
  };
  return { roll, look };
}

/** What is told at each look: "temperature+" raised, "temperature-" cleared. */
function told(limits: Partial<GpuAlertLimits>, looks: readonly Partial<GpuSample>[]): string[] {
  const { look } = rollOf(limits);
  return looks.map((values) =>
    look(gpu(values))
      .alerts.map(({ alert, isRaised }) => `${alert}${isRaised ? '+' : '-'}`)
      .join(),
  );
}

describe('alerts', () => {
  const hot = { temperatureC: 81 };
  const cool = { temperatureC: 75 };

  it.each<[string, Partial<GpuAlertLimits>, Partial<GpuSample>[], string[]]>([
    ['temperature, after its time', {}, [hot, hot, hot, hot], ['', '', 'temperature+', '']],
    ['not a moment of heat', {}, [hot, cool, hot, cool], ['', '', '', '']],
    [
      'cleared 5 below, after as long',
      {},
      [hot, hot, hot, { temperatureC: 76 }, cool, cool, cool],
      ['', '', 'temperature+', '', '', '', 'temperature-'],
    ],
    ['memory', { holdMs: 0 }, [{ memoryPercent: 95.1 }, { memoryPercent: 90 }], ['memory+', 'memory-']],
    ['encoder', { holdMs: 0 }, [{ encoderPercent: 91 }, { encoderPercent: 85 }], ['encoder+', 'encoder-']],
    [
      'an encoder in use at all',
      { holdMs: 0, encoderPercent: 0 },
      [{ encoderPercent: 1 }, { encoderPercent: 0 }],
      ['encoder+', 'encoder-'],
    ],
    [
      'throttling',
      { holdMs: 0 },
      [{ throttleReasons: ['gpu_idle', 'sw_power_cap'] }, { throttleReasons: [] }],
      ['throttling+', 'throttling-'],
    ],
    [
      'not idling, nor what somebody set',
      { holdMs: 0 },
      [{ throttleReasons: ['gpu_idle', 'applications_clocks_setting'] }],
      [''],
    ],
    [
      'a lost GPU at once, and that it is back after its time: one that comes and goes is one alert',
      {},
      [{ state: 'lost' }, {}, { state: 'lost' }, {}, {}, {}, {}],
      ['lost+', '', '', '', '', 'lost-', ''],
    ],
    ['a GPU that needs a reset', { holdMs: 0 }, [{ problem: 'gpu-needs-reset' }, {}], ['lost+', 'lost-']],
    [
      'nothing of what it does not say for a while',
      { holdMs: 0 },
      [hot, {}, {}, hot, cool],
      ['temperature+', '', '', '', 'temperature-'],
    ],
    [
      'that all is over when it sleeps',
      {},
      [hot, hot, hot, { state: 'asleep' }, { state: 'asleep' }, { state: 'asleep' }],
      ['', '', 'temperature+', '', '', 'temperature-'],
    ],
    ['nothing where the card does not say', { holdMs: 0 }, [{}, {}], ['', '']],
    [
      'nothing that is switched off',
      { holdMs: 0, temperatureC: null, hasLost: false, hasThrottling: false },
      [{ ...hot, state: 'lost', throttleReasons: ['hw_slowdown'] }],
      [''],
    ],
  ])('tell %s', (_, limits, looks, expected) => {
    expect(told(limits, looks)).toEqual(expected);
  });

  it('say which GPU, the value and the limit in one sentence', () => {
    const { look } = rollOf({ holdMs: 0 });
    const sentences = [
      look(
        gpu({
          temperatureC: 83,
          memoryPercent: 97,
          encoderPercent: 100,
          throttleReasons: ['hw_slowdown', 'pl1'],
        }),
      ),
      look(gpu({ temperatureC: 60, memoryPercent: 10, encoderPercent: 0, throttleReasons: [] })),
      look(),
      look(gpu({ problem: 'gpu-needs-reset' })),
      look(gpu()),
    ].map(({ alerts }) => alerts.map(({ message }) => message));
    expect(sentences).toEqual([
      [
        'GPU 0 (Card) is 83 °C hot; the limit is 80 °C.',
        'The memory of GPU 0 (Card) is 97 % full; the limit is 95 %.',
        'GPU 0 (Card) is slowed down (hw_slowdown, pl1).',
        'The video encoder of GPU 0 (Card) is 100 % busy; the limit is 90 %.',
      ],
      [
        'GPU 0 (Card) has cooled down to 60 °C.',
        'The memory of GPU 0 (Card) is down to 10 %.',
        'GPU 0 (Card) is no longer slowed down.',
        'The video encoder of GPU 0 (Card) is down to 0 %.',
      ],
      ['GPU 0 (Card) is lost: its driver no longer reaches it. Restart the machine.'],
      [],
      ['GPU 0 (Card) answers again.'],
    ]);
  });
});

describe('the roll', () => {
  it('calls a GPU that was there and is not any more lost, again and again', () => {
    const { look } = rollOf();
    const other = gpu({ id: 'GPU-2', index: 1 });
    look(gpu({ temperatureC: 50, driver: '595' }), other);
    for (let again = 0; again < 3; again += 1) {
      const { readings } = look(other);
      expect(readings.map(({ id, state }) => [id, state])).toEqual([
        ['GPU-2', 'ok'],
        ['GPU-1', 'lost'],
      ]);
      expect(readings[1]).toMatchObject({
        name: 'Card',
        driver: '595',
        temperatureC: null,
        alerts: { lost: true },
      });
    }
  });

  it('calls nobody lost who belongs to another source, or when the samples are not all', () => {
    const { roll, look } = rollOf();
    look(gpu());
    expect(roll.take('sysfs', [], true).readings).toEqual([]);
    expect(roll.take('nvidia', [], false).readings).toEqual([]);
  });

  it('keeps one reading a GPU, with its time', () => {
    const { roll, look } = rollOf();
    look(gpu());
    look(gpu({ temperatureC: 50 }));
    expect(roll.readings).toMatchObject([{ id: 'GPU-1', temperatureC: 50, at: '1970-01-01T00:00:30.000Z' }]);
  });

  it('does not grow for ever, whatever texts name', () => {
    const { roll } = rollOf();
    for (let number = 0; number < 1_000; number += 1)
      roll.take('input', [gpu({ id: `GPU-${number}` })], false);
    expect(roll.readings.length).toBeLessThanOrEqual(256);
    expect(roll.readings.at(-1)?.id).toBe('GPU-999');
  });
});
