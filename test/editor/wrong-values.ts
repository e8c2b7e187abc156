/** Something wrong for one field, and the whole sentence that must stand below it. */
export interface WrongValue {
  /** `typed` into the field, `listed` as an entry of its list, or `stored`: a choice that the list does not offer. */
  readonly way: 'typed' | 'listed' | 'stored';
  readonly text: string;
  readonly sentence: string;
}

const typed = (text: string, sentence: string): WrongValue => ({ way: 'typed', text, sentence });
const listed = (text: string, sentence: string): WrongValue => ({ way: 'listed', text, sentence });
const stored = (sentence: string): WrongValue => ({ way: 'stored', text: 'sideways', sentence });

const FULL_PATH = 'Type a full path, as in /home/anna/Archive.';
const TRUE_OR_FALSE = 'Type true or false.';
const FROM_ZERO = 'Type a number from 0 on.';
const QUIET = 'Type a number of at least 0, or a variable such as ${QUIET}.';
const UPLOAD_CHOICE = 'Choose one of the list, or type a variable such as ${UPLOAD_ORDER}.';
const UPLOAD_YES_NO = 'Type true or false, or a variable such as ${DRY_RUN}.';
const ARCHIVE_CHOICE = 'Choose one of the list, or type a variable such as ${DRY_RUN}.';
const PERCENT = 'Type a number from 0 to 100, or off.';
const HEALTH_PERCENT = 'Type a number from 1 to 100, or off.';
const MINUTES = 'Type a number of minutes from 0 to 10080, or off.';
const COUNT = 'Type a whole number from 0 on, or off.';
const ADDRESS = 'Type an address without a login, as in http://192.168.1.10:8091/metrics, or nothing.';
const BRIDGE_CHOICE = 'Choose one of the list, or type a variable such as ${MQTT_DETAIL}.';
const GPU_CHOICE = 'Choose one of the list, or type a variable such as ${GPU_SOURCE}.';
const TOPIC = 'Type words with single slashes between them and no # or +, for example immich-bridge.';

/** Every setting that has a rule, by node and field. */
export const WRONG_VALUES: Readonly<Record<string, Readonly<Record<string, WrongValue>>>> = {
  'folder-watch': {
    folders: listed('photos', 'Type full paths with commas between them, as in /home/anna/Pictures.'),
    recursive: stored(TRUE_OR_FALSE),
    archiveFolder: typed('photos', FULL_PATH),
    failedFolder: typed('./failed', FULL_PATH),
    extensions: typed('jpg, a/b', 'Type a list such as jpg, heic, mp4.'),
    minSizeKB: typed('-1', FROM_ZERO),
    maxSizeMB: typed('large', FROM_ZERO),
    hasDefaultIgnores: stored(TRUE_OR_FALSE),
    rescanMinutes: typed('0', 'Type a number of minutes from 0.01 to 10080.'),
    followSymlinks: stored(TRUE_OR_FALSE),
    polling: stored(TRUE_OR_FALSE),
    pollSeconds: typed('0', 'Type a number of seconds from 0.1 to 86400.'),
  },
  'stable-file': {
    quietSeconds: typed('soon', QUIET),
    checkVideos: stored('Type true or false, or a variable such as ${CHECK}.'),
    companionSeconds: typed('-1', QUIET),
    giveUpMinutes: typed('never', QUIET),
    quietSecondsLarge: typed('-0.1', QUIET),
    largeSizeMB: typed('1 GB', QUIET),
    checkIntervalSeconds: typed('0', 'Type a number of at least 0.05, or a variable such as ${INTERVAL}.'),
  },
  'immich-upload': {
    concurrency: typed('17', 'Type a whole number from 1 to 16.'),
    trashPolicy: stored(UPLOAD_CHOICE),
    deletedPolicy: stored(UPLOAD_CHOICE),
    bringBack: listed('Pictures', 'Type full paths, as in /home/anna/Pictures.'),
    pressure: stored(UPLOAD_CHOICE),
    stack: stored(UPLOAD_CHOICE),
    order: stored(UPLOAD_CHOICE),
    quietHours: typed(
      '22 to 6',
      'Type hours as in 22:00-06:00, with days before them if you like, as in Mon-Fri 08:00-17:30.',
    ),
    failedFolder: typed('failed', 'Type the full path of a folder, as in /photos/failed.'),
    dryRun: stored(UPLOAD_YES_NO),
    favorite: stored(UPLOAD_YES_NO),
    visibility: stored(UPLOAD_CHOICE),
    dateFromName: stored(UPLOAD_YES_NO),
    timeZone: typed('Mars/Olympus', 'Type the name of a time zone, as in Europe/Berlin.'),
  },
  'archive-move': {
    mode: stored(ARCHIVE_CHOICE),
    archiveFolder: typed('archive', 'Type the archive folder, or a variable such as ${ARCHIVE_DIRECTORY}.'),
    template: typed(
      '../{yyyy}',
      'Use only {yyyy}, {MM}, {dd}, {folder}, {path}, {name} and {ext}, no "..", and no / at the start.',
    ),
    waitFor: typed('1.5', 'Type a whole number from 1 to 16.'),
    dryRun: stored(ARCHIVE_CHOICE),
  },
  'mqtt-bridge': {
    url: typed(
      'mqtt://me:secret@broker',
      'Type an address such as mqtt://broker:1883 (or mqtts://, ws://, wss://), or a variable such as ${MQTT_URL}. User and password go into their own fields.',
    ),
    baseTopic: typed('a/#', TOPIC),
    discovery: stored(BRIDGE_CHOICE),
    discoveryPrefix: typed('/ha', TOPIC),
    detail: stored(BRIDGE_CHOICE),
    queueSize: typed('1.5', 'Type a whole number from 1 to 100000.'),
  },
  'immich-health': {
    interval: typed('1', 'Type a number of seconds from 5 to 86400.'),
    downMinutes: typed('-1', MINUTES),
    storagePercent: typed('101', HEALTH_PERCENT),
    quotaPercent: typed('0', HEALTH_PERCENT),
    mlBacklog: typed('2.5', COUNT),
    mlMinutes: typed('long', 'Type a number of minutes from 0 to 10080.'),
    failedJobs: typed('-1', COUNT),
    pausedMinutes: typed('10081', MINUTES),
    certificateDays: typed('soon', 'Type a number of days from 0 to 3650, or off.'),
    updateAlert: stored('Type true or false, or a variable such as ${UPDATE_ALERT}.'),
    metricsApi: typed('http://me:pw@host', ADDRESS),
    metricsJobs: typed('two words', ADDRESS),
    limit: typed('0', 'Type a number of seconds from 1 to 120.'),
  },
  'gpu-stats': {
    source: stored(GPU_CHOICE),
    interval: typed('61', 'Type a number of seconds from 1 to 60.'),
    processes: stored(GPU_CHOICE),
    temperatureLimit: typed('hot', 'Type degrees Celsius from 0 to 150, or off.'),
    memoryLimit: typed('101', PERCENT),
    encoderLimit: typed('-1', PERCENT),
    throttlingAlert: stored(TRUE_OR_FALSE),
    lostAlert: stored(TRUE_OR_FALSE),
    holdSeconds: typed('-1', 'Type a number of seconds from 0 to 86400.'),
    timeoutSeconds: typed('0', 'Type a number of seconds from 1 to 86400.'),
  },
  'immich-server': {
    url: typed(
      'http://me:pw@host',
      'Type an address, or several with line breaks or commas between them, as in http://192.168.1.10:2283. A login does not belong in it.',
    ),
    connectSeconds: typed('0', 'Type a number of seconds from 1 to 600.'),
    stallSeconds: typed('3601', 'Type a number of seconds from 1 to 3600.'),
    limitMbit: typed('fast', 'Type a number of megabits a second, or 0 for no limit.'),
  },
};
