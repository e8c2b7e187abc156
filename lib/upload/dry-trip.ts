import type { ImmichClient } from '../immich/immich-client.js';
import type { StableFile, UploadedFile } from '../media-file.js';
import type { OrganiseSettings } from '../organise/organise-settings.js';
import { createOrganiser } from '../organise/organiser.js';
import { dryClient } from './dry-client.js';
import type { DryStep } from './dry-step.js';
import { type DryUploadOptions, dryUpload } from './dry-upload.js';
import type { FellowBook } from './fellow-book.js';
import type { StackPolicy } from './join-assets.js';
import { groupingUpload } from './late-companions.js';
import type { Attempt } from './upload-file.js';

export interface DryTripOptions {
  readonly client: Pick<ImmichClient, 'check' | 'asset'>;
  readonly library: string;
  readonly rulesFor: (file: StableFile) => Pick<DryUploadOptions, 'trashPolicy' | 'mayCreate'>;
  readonly book: FellowBook;
  readonly stackPolicy: StackPolicy;
  readonly settings: OrganiseSettings;
  /** When the flow was started. */
  readonly startedAt?: Date;
}

/**
 * Makes the trip of a dry run: the same work as a real one, group, sidecars, stacks, albums and all, with a client that
 * writes down in place of sending.
 */
export function dryTrip(
  options: DryTripOptions,
): (file: StableFile, attempt: Attempt) => Promise<UploadedFile> {
  const { client, library, rulesFor, stackPolicy, settings, startedAt = new Date() } = options;
  return async (file, attempt) => {
    const plan: DryStep[] = [];
    const note = (step: DryStep) => plan.push(step);
    const paths = new Map<string, string>();
    const pathOf = (id: string) => paths.get(id) ?? id;
    const upload = async (one: StableFile, own: Attempt) => {
      const uploaded = await dryUpload(one, { client, library, note, ...rulesFor(one) }, own);
      paths.set(uploaded.assetId, one.path);
      const videoId = own.extras?.livePhotoVideoId;
      if (videoId !== undefined && uploaded.uploadOutcome === 'created')
        note({ does: 'link', path: one.path, with: [pathOf(videoId)] });
      return uploaded;
    };
    const grouping = groupingUpload({
      client: dryClient(client, { pathOf, note, isOrder: false }),
      upload,
      stackPolicy,
      book: namingBook(options.book, paths),
      onNotice: ({ message }) => note({ does: 'note', path: file.path, with: [message] }),
    });
    const { organising } = createOrganiser({
      client: dryClient(client, { pathOf, note, isOrder: true }),
      settings,
      onProblem: () => undefined, // Nothing is asked of the server that it could refuse.
      startedAt,
      waitMs: 0,
    });
    return { ...(await organising(grouping)(file, attempt)), isDryRun: true, plan };
  };
}

/** The same book; the paths of all that it gives are known from then on. */
function namingBook(book: FellowBook, paths: Map<string, string>): FellowBook {
  const named = <Found extends readonly { readonly assetId: string; readonly path: string }[]>(
    found: Found,
  ) => {
    for (const { assetId, path } of found) paths.set(assetId, path);
    return found;
  };
  return {
    ...book,
    fellowsOf: (path) => named(book.fellowsOf(path)),
    ownersOf: async (path) => named(await book.ownersOf(path)),
  };
}
