import { say } from '../../say.js';
import { childOf, parseXml, type XmlElement } from '../../xml-tree.js';
import { GpuError } from '../gpu-error.js';
import type { GpuPartition } from '../gpu-reading.js';
import { type GpuProcess, pciSlot, percent, sampleOf } from '../gpu-sample.js';
import { activeReasons, isEnabled, mebibytes, type NvidiaGpu, troubleOf } from './nvidia-csv.js';
import { toolError } from './tool-error.js';
import { firstOf, numberValue, programName, textValue } from './tool-value.js';

/** Long lists of what the card could do: up to four fifths of a document, and nothing in them is read. */
const BALLAST = { begin: '<supported_clocks>', end: '</supported_clocks>' };

/**
 * The GPUs of `nvidia-smi -q -x`, in the layouts of drivers 384 to 595. Of a stream of documents (`-l`) the last whole
 * one counts.
 * @throws GpuError `partial-output` when there is no whole document, and for what else the tool says
 */
export function parseNvidiaXml(text: string): NvidiaGpu[] {
  const log = parseXml(lastDocument(text) ?? '');
  if (log === undefined) {
    throw (
      toolError(text.includes('<nvidia_smi_log') ? '' : text) ??
      new GpuError('partial-output', say`The XML of nvidia-smi breaks off before its end.`)
    );
  }
  const gpus = log.children.filter(({ name }) => name === 'gpu');
  if (gpus.length === 0) throw new GpuError('no-devices', say`The XML of nvidia-smi names no GPU.`);
  const driver = textOf(log, 'driver_version')?.replace(/\s*\[Deprecated.*$/, '') ?? null;
  return gpus.map((gpu, index) => gpuOf(gpu, index, driver));
}

function lastDocument(text: string): string | undefined {
  const end = text.lastIndexOf('</nvidia_smi_log>');
  if (end < 0) return undefined;
  const whole = text.slice(0, end);
  const start = whole.lastIndexOf('<nvidia_smi_log');
  return start < 0 ? undefined : `${withoutBallast(whole.slice(start))}</nvidia_smi_log>`;
}

function withoutBallast(document: string): string {
  const [head = '', ...lists] = document.split(BALLAST.begin);
  const others = lists.map((list) => list.split(BALLAST.end, 2)[1] ?? '');
  return head + others.join('');
}

/**
 * Each value is looked for inside of its own parent only: other parts of the card, and the parts of a split one,
 * repeat the same names.
 */
function gpuOf(gpu: XmlElement, index: number, driver: string | null): NvidiaGpu {
  const use = childOf(gpu, 'utilization');
  const memory = childOf(gpu, 'fb_memory_usage');
  const power = childOf(gpu, 'gpu_power_readings', 'power_readings');
  const clocks = childOf(gpu, 'clocks');
  const uuid = textOf(gpu, 'uuid');
  const busId = textOf(childOf(gpu, 'pci'), 'pci_bus_id');
  const slot = busId === null ? null : pciSlot(busId);
  const isSplit = isEnabled(textOf(childOf(gpu, 'mig_mode'), 'current_mig')) === true;
  const trouble = troubleOf(allTexts(gpu), childOf(gpu, 'gpu_recovery_action')?.text);
  const sample = sampleOf({
    id: uuid ?? slot ?? `nvidia-${index}`,
    index,
    name: textOf(gpu, 'product_name'),
    vendor: 'nvidia',
    driver,
    state: trouble === 'gpu-lost' ? 'lost' : 'ok',
    ...(trouble === null ? {} : { problem: trouble }),
    loadPercent: percent(numberOf(use, 'gpu_util')),
    encoderPercent: percent(numberOf(use, 'encoder_util')),
    decoderPercent: percent(numberOf(use, 'decoder_util')),
    memoryUsedBytes: mebibytes(childOf(memory, 'used')?.text),
    memoryTotalBytes: mebibytes(childOf(memory, 'total')?.text),
    temperatureC: numberOf(childOf(gpu, 'temperature'), 'gpu_temp'),
    powerW: numberOf(power, 'instant_power_draw', 'power_draw', 'average_power_draw'),
    powerLimitW: numberOf(power, 'current_power_limit', 'enforced_power_limit', 'power_limit'),
    fanPercent: percent(numberOf(gpu, 'fan_speed')),
    clockMhz: numberOf(clocks, 'graphics_clock'),
    memoryClockMhz: numberOf(clocks, 'mem_clock'),
    performanceState: textOf(gpu, 'performance_state'),
    throttleReasons: activeReasons(reasonsOf(gpu)),
    processes: processesOf(childOf(gpu, 'processes')),
    ...(isSplit ? { partitions: partitionsOf(childOf(gpu, 'mig_devices')) } : {}),
  });
  return { sample, uuid, slot, isPersistent: isEnabled(textOf(gpu, 'persistence_mode')), isSplit };
}

function processesOf(list: XmlElement | undefined): GpuProcess[] | null {
  if (list === undefined) return null;
  return list.children.flatMap((process) => {
    const pid = process.name === 'process_info' ? numberOf(process, 'pid') : null;
    if (pid === null) return [];
    return {
      pid,
      name: programName(childOf(process, 'process_name')?.text ?? ''),
      memoryBytes: mebibytes(childOf(process, 'used_memory')?.text),
      encoderPercent: null,
      owner: null,
    };
  });
}

function partitionsOf(devices: XmlElement | undefined): GpuPartition[] {
  const parts = (devices?.children ?? []).filter(({ name }) => name === 'mig_device');
  return parts.map((part) => {
    const memory = childOf(part, 'fb_memory_usage');
    return {
      index: numberOf(part, 'index'),
      memoryUsedBytes: mebibytes(childOf(memory, 'used')?.text),
      memoryTotalBytes: mebibytes(childOf(memory, 'total')?.text),
    };
  });
}

function reasonsOf(gpu: XmlElement): [string, string][] {
  const reasons = childOf(gpu, 'clocks_event_reasons', 'clocks_throttle_reasons')?.children ?? [];
  return reasons.map(({ name, text }) => [name.replace(/^.*?_reason_/, ''), text]);
}

function* allTexts(element: XmlElement): Generator<string> {
  if (element.text !== '') yield element.text;
  for (const child of element.children) if (child.name !== 'processes') yield* allTexts(child);
}

function textOf(parent: XmlElement | undefined, ...names: string[]): string | null {
  return firstOf(names, (name) => textValue(childOf(parent, name)?.text));
}

function numberOf(parent: XmlElement | undefined, ...names: string[]): number | null {
  return firstOf(names, (name) => numberValue(childOf(parent, name)?.text));
}
