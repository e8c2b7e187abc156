import { parseArchiveFolder } from '../lib/archive/archive-path.js';
import {
  type OrganiseConfig,
  type OrganiseSettings,
  parseOrganiseSettings,
} from '../lib/organise/organise-settings.js';
import { say } from '../lib/say.js';
import { settingBoolean, settingChoice, settingList, settingNumber, settingText } from '../lib/settings.js';
import type { DeletedPolicy } from '../lib/store/tombstone.js';
import { PRESSURE_POLICIES, type PressurePolicy } from '../lib/upload/back-pressure.js';
import { CONCURRENCY_RANGE } from '../lib/upload/command.js';
import { STACK_POLICIES, type StackPolicy } from '../lib/upload/join-assets.js';
import { parseQuietHours, type QuietSpan } from '../lib/upload/quiet-hours.js';
import type { TrashPolicy } from '../lib/upload/upload-file.js';
import { UPLOAD_ORDERS, type UploadOrder } from '../lib/upload/waiting-line.js';
import { fullPath } from '../lib/watch/folder-settings.js';

/** The settings of immich-upload, as the editor delivers them. */
export interface UploadConfig extends OrganiseConfig {
  server?: string;
  concurrency?: string;
  trashPolicy?: string;
  deletedPolicy?: string;
  bringBack?: string | readonly string[];
  pressure?: string;
  stack?: string;
  order?: string;
  quietHours?: string;
  failedFolder?: string;
  dryRun?: string | boolean;
}

/** What immich-upload works by. */
export interface UploadOptions {
  server: string | undefined;
  concurrency: number;
  trashPolicy: TrashPolicy;
  deletedPolicy: DeletedPolicy;
  bringBack: readonly string[];
  pressure: PressurePolicy;
  stackPolicy: StackPolicy;
  order: UploadOrder;
  quietHours: readonly QuietSpan[];
  organise: OrganiseSettings;
  failedFolder: string | undefined;
  isDryRun: boolean;
}

/**
 * Turns the settings into options.
 * @throws SettingError for a setting that cannot be used
 */
export function parseUploadOptions(config: UploadConfig): UploadOptions {
  return {
    server: settingText(config.server),
    concurrency: settingNumber(say`Files at a time`, config.concurrency, 4, CONCURRENCY_RANGE),
    trashPolicy: settingChoice(
      say`Photo in the trash`,
      config.trashPolicy,
      ['hold', 'restore', 'accept'],
      'hold',
    ),
    deletedPolicy: settingChoice(say`Deleted in Immich`, config.deletedPolicy, ['leave', 'upload'], 'leave'),
    bringBack: settingList(config.bringBack).map((folder) => fullPath(say`Bring back`, folder)),
    pressure: settingChoice(say`When Immich is busy`, config.pressure, PRESSURE_POLICIES, 'off'),
    stackPolicy: settingChoice(say`Stack`, config.stack, STACK_POLICIES, 'jpeg'),
    order: settingChoice(say`Order`, config.order, UPLOAD_ORDERS, 'found'),
    quietHours: parseQuietHours(say`Quiet hours`, config.quietHours),
    organise: parseOrganiseSettings(config),
    failedFolder: parseArchiveFolder(say`Folder of failed files`, config.failedFolder),
    isDryRun: settingBoolean(say`Dry run`, config.dryRun, false),
  };
}
