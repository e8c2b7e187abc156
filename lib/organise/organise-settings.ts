import type { Visibility } from '../immich/upload-extras.js';
import { say } from '../say.js';
import { SettingError, settingBoolean, settingChoice, settingList, settingText } from '../settings.js';
import { type FileTemplate, parseTemplate } from './file-template.js';
import { isTimeZone, ownTimeZone } from './time-zone.js';

/** The settings of an immich-upload node about order, as the editor and the environment give them. */
export interface OrganiseConfig {
  albums?: string;
  tags?: string;
  favorite?: string | boolean;
  visibility?: string;
  dateFromName?: string | boolean;
  timeZone?: string;
}

/** In what order photos are put, unless a message says something else about one. */
export interface OrganiseSettings {
  readonly albums: readonly FileTemplate[];
  readonly tags: readonly FileTemplate[];
  readonly isFavorite: boolean;
  readonly visibility: Exclude<Visibility, 'hidden'>;
  /** Whether a name says when a photo was taken that does not know it itself. */
  readonly hasNameDates: boolean;
  /** Of dates in names. */
  readonly timeZone: string;
}

/** Where a photo can be shown. */
export const VISIBILITIES = ['timeline', 'archive', 'locked'] as const;

/**
 * Reads the settings.
 * @throws SettingError with what to type instead
 */
export function parseOrganiseSettings(config: OrganiseConfig): OrganiseSettings {
  const timeZone = settingText(config.timeZone) ?? ownTimeZone();
  if (!isTimeZone(timeZone)) {
    throw new SettingError(
      say`Time zone: "${timeZone}" is none that this machine knows. Type its name, as in Europe/Berlin.`,
    );
  }
  return {
    albums: settingList(config.albums).map((text) => parseTemplate(say`Albums`, text)),
    tags: settingList(config.tags).map((text) => parseTemplate(say`Tags`, text)),
    isFavorite: settingBoolean(say`Favourite`, config.favorite, false),
    visibility: settingChoice(say`Shown in`, config.visibility, VISIBILITIES, 'timeline'),
    hasNameDates: settingBoolean(say`Date from the name`, config.dateFromName, false),
    timeZone,
  };
}
