import type { GpuAlertLimits } from '../lib/gpu/gpu-alerts.js';
import { say } from '../lib/say.js';
import { settingBoolean, settingChoice, settingNumber, settingText } from '../lib/settings.js';

/** The settings of a gpu-stats node, as the editor delivers them. */
export interface GpuConfig {
  source?: string;
  interval?: string;
  processes?: string;
  temperatureLimit?: string;
  memoryLimit?: string;
  encoderLimit?: string;
  throttlingAlert?: string | boolean;
  lostAlert?: string | boolean;
  holdSeconds?: string;
  nvidiaSmi?: string;
  timeoutSeconds?: string;
  root?: string;
}

export interface GpuOptions {
  /** Where readings come from besides texts in messages. */
  source: 'auto' | 'nvidia' | 'sysfs' | 'input';
  intervalMs: number;
  hasProcesses: boolean;
  hasEncoderByProcess: boolean;
  limits: GpuAlertLimits;
  /** `nvidia-smi`, or a path. */
  program: string;
  timeoutMs: number;
  /** The folder that holds `sys` and `proc`. */
  root: string;
}

/** Turns the editor's strings into options. @throws SettingError that names the field */
export function parseGpuOptions(config: GpuConfig): GpuOptions {
  const seconds = (field: string, value: unknown, fallback: number, min: number) =>
    1_000 * settingNumber(field, value, fallback, { min, max: 86_400 });
  const processes = settingChoice(say`Processes`, config.processes, ['no', 'yes', 'encoder'], 'no');
  return {
    source: settingChoice(say`Read`, config.source, ['auto', 'nvidia', 'sysfs', 'input'], 'auto'),
    // Home Assistant holds a reading for three minutes: there must be some in that time.
    intervalMs: 1_000 * settingNumber(say`Interval`, config.interval, 30, { min: 1, max: 60 }),
    hasProcesses: processes !== 'no',
    hasEncoderByProcess: processes === 'encoder',
    limits: {
      temperatureC: limit(say`Temperature over`, config.temperatureLimit, 80, 150),
      memoryPercent: limit(say`Memory over`, config.memoryLimit, 95, 100),
      encoderPercent: limit(say`Encoder over`, config.encoderLimit, 90, 100),
      hasThrottling: settingBoolean(say`Slowed down`, config.throttlingAlert, true),
      hasLost: settingBoolean(say`GPU lost`, config.lostAlert, true),
      holdMs: seconds(say`For at least`, config.holdSeconds, 60, 0),
    },
    program: settingText(config.nvidiaSmi) ?? 'nvidia-smi',
    timeoutMs: seconds(say`Answer within`, config.timeoutSeconds, 10, 1),
    root: settingText(config.root) ?? '/',
  };
}

/** A limit, or null for the word "off". */
function limit(field: string, value: unknown, fallback: number, max: number): number | null {
  if (settingText(value)?.toLowerCase() === 'off') return null;
  return settingNumber(field, value, fallback, { min: 0, max });
}
