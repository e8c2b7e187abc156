import type { ImmichClient } from '../immich/immich-client.js';
import type { ImmichError } from '../immich/immich-error.js';
import type { AssetChanges } from '../immich/library-calls.js';
import type { UploadExtras } from '../immich/upload-extras.js';
import type { StableFile, UploadedFile } from '../media-file.js';
import { say } from '../say.js';
import type { Attempt } from '../upload/upload-file.js';
import { createAlbumBook } from './album-book.js';
import { type FileTemplate, fillTemplate } from './file-template.js';
import { nameDate } from './name-date.js';
import type { OrganiseSettings } from './organise-settings.js';
import { createRightsWatch } from './rights-watch.js';
import { createTagBook, tagValue } from './tag-book.js';
import { wallTime } from './time-zone.js';
import type { UploadWishes } from './upload-wishes.js';

/** One file's trip into Immich, or a part of it around another. */
export type UploadWork = (file: StableFile, attempt: Attempt) => Promise<UploadedFile>;

export interface OrganiserOptions {
  readonly client: Pick<
    ImmichClient,
    'albums' | 'createAlbum' | 'addToAlbum' | 'upsertTags' | 'tagAssets' | 'updateAsset'
  >;
  readonly settings: OrganiseSettings;
  /** Told once of each permission that the key lacks, until it has it. */
  readonly onProblem: (error: ImmichError) => void;
  /** When the flow was started. */
  readonly startedAt?: Date;
  readonly waitMs?: number;
}

/** What is to become of one file. */
interface Plan {
  readonly albums: readonly string[];
  readonly tags: readonly string[];
  readonly extras: UploadExtras;
  readonly changes: AssetChanges;
}

/**
 * Makes what puts photos in order: what the form can carry goes with the upload, albums and tags follow when Immich has
 * proven that it holds the photo, and only then is the file done. A break in between costs nothing: the file comes
 * again, Immich knows it, and the order is made up for.
 */
export function createOrganiser(options: OrganiserOptions) {
  const { client, settings, startedAt = new Date(), waitMs } = options;
  const albums = createAlbumBook({ client, ...(waitMs !== undefined && { waitMs }) });
  const tags = createTagBook({ client, ...(waitMs !== undefined && { waitMs }) });
  const rights = createRightsWatch(options.onProblem);
  const session = sessionName(startedAt, settings.timeZone);
  const isIdle = isWithoutOrder(settings);

  async function arrange(uploaded: UploadedFile, plan: Plan): Promise<void> {
    const assets = visibleAssets(uploaded);
    if (Object.keys(plan.changes).length > 0) {
      await rights.use(say`with what the flow wants for it`, () =>
        all(assets, (id) => client.updateAsset(id, plan.changes)),
      );
    }
    if (plan.albums.length > 0) {
      const inAlbum = (album: string) => all(assets, (id) => albums.add(album, id));
      await rights.use(say`in its albums`, () => all(plan.albums, inAlbum));
    }
    if (plan.tags.length > 0) {
      await rights.use(say`with its tags`, () => all(assets, (id) => tags.put(plan.tags, id)));
    }
  }

  return {
    /** Puts in order what `upload` brings in. Without settings and wishes it is `upload` alone. */
    organising(upload: UploadWork): UploadWork {
      return async (file, attempt) => {
        const { wishes, ...plain } = file;
        if (isIdle && wishes === undefined) return upload(plain, attempt);
        const plan = planFor(plain, wishes ?? {}, settings, session);
        const uploaded = await upload(plain, { ...attempt, extras: { ...attempt.extras, ...plan.extras } });
        const isNew = uploaded.uploadOutcome === 'created' || wasCreated(uploaded, attempt);
        const changes = isNew ? plan.changes : { ...plan.changes, ...changesOfOld(wishes ?? {}) };
        await arrange(uploaded, { ...plan, changes });
        return isNew ? { ...uploaded, uploadOutcome: 'created' } : uploaded;
      };
    },
  };
}

function planFor(file: StableFile, wishes: UploadWishes, settings: OrganiseSettings, session: string): Plan {
  const { timeZone, hasNameDates } = settings;
  const named = hasNameDates ? nameDate(file.path, { timeZone, mtimeMs: file.mtimeMs }) : undefined;
  const takenAtMs = wishes.takenAtMs ?? named;
  const visibility = wishes.visibility ?? settings.visibility;
  const isFavorite = wishes.isFavorite ?? settings.isFavorite;
  const fill = { dateMs: takenAtMs ?? file.mtimeMs, timeZone, session };
  const names = (templates: readonly FileTemplate[], joiner: string) =>
    templates.flatMap((template) => fillTemplate(template, file, { ...fill, joiner }) ?? []);
  const tags = (wishes.tags ?? names(settings.tags, '/')).flatMap((text) => tagValue(text) ?? []);
  const { description, rating, latitude, longitude } = wishes;
  // Immich keeps locked photos out of albums, and from everybody who has no more than a key.
  const isLocked = visibility === 'locked';
  return {
    albums: isLocked ? [] : [...new Set(wishes.albums ?? names(settings.albums, ' / '))],
    tags: isLocked ? [] : tags,
    extras: {
      ...(isFavorite && { isFavorite }),
      ...(visibility !== 'timeline' && { visibility }),
      ...(takenAtMs !== undefined && { takenAtMs }),
    },
    changes: {
      ...(description !== undefined && { description }),
      ...(rating !== undefined && { rating }),
      ...(latitude !== undefined && { latitude }),
      ...(longitude !== undefined && { longitude }),
    },
  };
}

/** What a flow says of a photo counts even if Immich has it; the settings are for new ones. */
function changesOfOld({ isFavorite, visibility }: UploadWishes): AssetChanges {
  return { ...(isFavorite !== undefined && { isFavorite }), ...(visibility !== undefined && { visibility }) };
}

/** Whether an earlier try brought it in: alone, or as the first of a group. */
function wasCreated({ path, assetId }: UploadedFile, { memory }: Attempt): boolean {
  return [memory?.createdId, memory?.parts?.get(path)?.createdId].includes(assetId);
}

/** The photo and what is shown beside it; the video of a live photo is not. */
function visibleAssets({ assetId, companions = [] }: UploadedFile): string[] {
  const shown = companions.filter(({ kind }) => kind !== 'live-video');
  return [assetId, ...shown.flatMap((companion) => companion.assetId ?? [])];
}

function isWithoutOrder({ albums, tags, isFavorite, visibility, hasNameDates }: OrganiseSettings): boolean {
  return albums.length + tags.length === 0 && !isFavorite && visibility === 'timeline' && !hasNameDates;
}

function sessionName(startedAt: Date, timeZone: string): string {
  const { year, month, day, hour, minute } = wallTime(startedAt.getTime(), timeZone);
  const [mm, dd, hh, min] = [month, day, hour, minute].map((part) => String(part).padStart(2, '0'));
  return `${year}-${mm}-${dd} ${hh}.${min}`;
}

async function all<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<void> {
  const results = await Promise.allSettled(items.map(work));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
