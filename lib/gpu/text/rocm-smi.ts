import { type Fields, fieldsOf, recordOf } from '../../fields.js';
import { say } from '../../say.js';
import { GpuError } from '../gpu-error.js';
import { type GpuSample, pciSlot, percent, sampleOf } from '../gpu-sample.js';
import { firstOf, numberValue, textValue } from './tool-value.js';

/**
 * The GPUs in the JSON of `rocm-smi -a --json`. Its keys change from release to release, so that each value has
 * several names. A card that tells neither PCI bus nor unique id gets the id `amd-<number>`.
 * @throws GpuError `no-devices` when no card is in it
 */
export function parseRocmSmi(json: Fields): GpuSample[] {
  const cards = Object.entries(json).flatMap(([key, card]) => {
    const index = /^card(\d+)$/.exec(key)?.[1];
    const fields = recordOf(card);
    return index !== undefined && fields !== undefined ? [[Number(index), fields] as const] : [];
  });
  if (cards.length === 0) throw new GpuError('no-devices', say`The JSON of rocm-smi names no card.`);
  const driver = textValue(asText(fieldsOf(json.system)['Driver version']));
  return cards.map(([index, card]) => cardSample(index, card, driver));
}

function cardSample(index: number, card: Fields, driver: string | null): GpuSample {
  const text = (...keys: string[]) => firstOf(keys, (key) => textValue(asText(card[key])));
  const number = (...keys: string[]) => firstOf(keys, (key) => numberValue(asText(card[key])));
  const slot = text('PCI Bus');
  const name = text('Card Series', 'Card series');
  return sampleOf({
    id: slot === null ? (text('Unique ID') ?? `amd-${index}`) : pciSlot(slot),
    index,
    // Some releases put the vendor's number there.
    name: name !== null && /^0x/i.test(name) ? null : name,
    vendor: 'amd',
    driver,
    loadPercent: percent(number('GPU use (%)')),
    memoryUsedBytes: number('VRAM Total Used Memory (B)'),
    memoryTotalBytes: number('VRAM Total Memory (B)'),
    temperatureC: number('Temperature (Sensor edge) (C)', 'Temperature (Sensor junction) (C)'),
    powerW: number(
      'Average Graphics Package Power (W)',
      'Current Socket Graphics Package Power (W)',
      'Current Graphics Package Power (W)',
    ),
    powerLimitW: number('Max Graphics Package Power (W)'),
    fanPercent: percent(number('Fan speed (%)', 'Fan Speed (%)')),
    clockMhz: number('sclk clock speed:', 'sclk clock speed'),
    memoryClockMhz: number('mclk clock speed:', 'mclk clock speed'),
  });
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
