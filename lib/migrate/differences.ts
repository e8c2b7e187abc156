/** What a bridge does otherwise than the Python uploader, with the same settings. */
export interface Difference {
  readonly about: string;
  readonly before: string;
  readonly now: string;
}

/** All differences, in the order in which a file meets them. docs/migrate.md shows them all; a test compares. */
export const DIFFERENCES: readonly Difference[] = [
  {
    about: 'start',
    before: 'ended when Immich or a watched folder was missing',
    now: 'starts, says so, and goes on when they are there',
  },
  {
    about: 'new files',
    before: 'missed files that were renamed into place, such as finished downloads, until a restart',
    now: 'finds them, by events and by a regular look anew',
  },
  {
    about: 'litter',
    before: 'took every file with a fitting ending',
    now: 'leaves out hidden files, unfinished downloads and thumbnail folders',
  },
  {
    about: 'kinds of files',
    before: 'knew a short list, without HEIC and RAW',
    now: 'all that your Immich takes, unless SUPPORTED_EXTENSIONS is set; .JPG and jpg are the same',
  },
  {
    about: 'large files',
    before: 'skipped files over 1,000 MB, and read the others into memory',
    now: 'streams files of any size, unless MAX_FILE_SIZE_MB is set',
  },
  {
    about: 'waiting',
    before: 'waited for one file after the other, and not at all for those found at the start',
    now: 'waits for all at the same time, and for all',
  },
  {
    about: 'empty files and broken videos',
    before: 'uploaded an empty file; tried a broken video once',
    now: 'keeps both where they are; a video that becomes whole is uploaded, and after an hour you are told',
  },
  {
    about: 'a failed upload',
    before: 'never tried it again before a restart',
    now: 'is tried for as long as it takes, or waits for you when you have to act',
  },
  {
    about: 'proof',
    before: 'took every good answer as stored, also for a photo in the trash',
    now: 'asks Immich for the checksum; a photo in the trash stays in the folder, and you are told',
  },
  {
    about: 'archive',
    before: 'made one flat folder, with a number after _ for a name that was taken',
    now: 'the same tree of folders; the same bytes are recognised, other bytes get a number',
  },
  {
    about: 'archive on another disk',
    before: 'copied without a look at the copy',
    now: 'copies, reads the copy back and compares before the original goes',
  },
  {
    about: 'the archive folder',
    before: 'made it when its parent was there',
    now: 'is made with its parents',
  },
  {
    about: 'notifications',
    before: 'told the desktop, of what went well',
    now: 'over MQTT and in Home Assistant, also for what failed',
  },
  {
    about: 'wrong settings',
    before: 'took a wrong LOG_LEVEL as INFO, and any word but four as no',
    now: 'a word that is not understood is refused with a sentence',
  },
];
