# Which option becomes which environment variable. Builtins only, so that tests compare it with the README.
let
  inherit (builtins)
    concatStringsSep
    filter
    foldl'
    isBool
    isList
    isString
    isInt
    isFloat
    listToAttrs
    split
    toJSON
    ;

  variables = {
    "immich.url" = "IMMICH_API_URL";
    "immich.metrics.apiUrl" = "IMMICH_METRICS_API_URL";
    "immich.metrics.jobsUrl" = "IMMICH_METRICS_JOBS_URL";
    "watch.directories" = "WATCH_DIRECTORIES";
    "watch.recursive" = "WATCH_RECURSIVE";
    "archive.directory" = "ARCHIVE_DIRECTORY";
    "upload.extensions" = "SUPPORTED_EXTENSIONS";
    "upload.maxFileSizeMB" = "MAX_FILE_SIZE_MB";
    "upload.concurrency" = "UPLOAD_CONCURRENCY";
    "upload.backPressure" = "UPLOAD_BACK_PRESSURE";
    "upload.order" = "UPLOAD_ORDER";
    "upload.stack" = "UPLOAD_STACK";
    "upload.limitMbit" = "UPLOAD_LIMIT_MBIT";
    "upload.quietHours" = "QUIET_HOURS";
    "upload.albums" = "ALBUMS";
    "upload.tags" = "TAGS";
    "upload.favorite" = "UPLOAD_FAVORITE";
    "upload.visibility" = "UPLOAD_VISIBILITY";
    "upload.dateFromName" = "DATE_FROM_NAME";
    "upload.timeZone" = "PHOTO_TIME_ZONE";
    "upload.failedDirectory" = "FAILED_DIRECTORY";
    "upload.dryRun" = "DRY_RUN";
    "stability.waitSeconds" = "FILE_STABILITY_WAIT_SECONDS";
    "stability.checkInterval" = "FILE_STABILITY_CHECK_INTERVAL";
    "stability.waitSecondsVideo" = "FILE_STABILITY_WAIT_SECONDS_VIDEO";
    "stability.minSizeMB" = "MIN_STABILITY_WAIT_SIZE_MB";
    "stability.companionSeconds" = "COMPANION_WAIT_SECONDS";
    "stability.verifyVideo" = "VERIFY_VIDEO_INTEGRITY";
    "mqtt.url" = "MQTT_URL";
    "mqtt.username" = "MQTT_USERNAME";
    "mqtt.baseTopic" = "MQTT_BASE_TOPIC";
    "mqtt.instance" = "MQTT_INSTANCE";
    "mqtt.discoveryPrefix" = "HA_DISCOVERY_PREFIX";
  };

  # Files that only systemd reads; the program gets the path of its copy.
  secrets = {
    "immich.apiKeyFile" = {
      variable = "IMMICH_API_KEY_FILE";
      credential = "immich-api-key";
    };
    "mqtt.passwordFile" = {
      variable = "MQTT_PASSWORD_FILE";
      credential = "mqtt-password";
    };
  };

  # Node-RED's own words, given to it as `-D logging.console.level=…`.
  logLevels = {
    DEBUG = "debug";
    INFO = "info";
    WARNING = "warn";
    ERROR = "error";
  };

  valueAt = cfg: option: foldl' (at: name: at.${name}) cfg (filter isString (split "\\." option));

  # Null where nothing is to be set.
  text =
    value:
    if value == null || value == "" || value == [ ] then
      null
    else if isBool value then
      (if value then "true" else "false")
    else if isList value then
      concatStringsSep "," value
    else if isInt value || isFloat value then
      toJSON value
    else
      toString value;

  withoutNull =
    attrs:
    listToAttrs (
      filter (entry: entry.value != null) (
        map (name: {
          inherit name;
          value = attrs.${name};
        }) (builtins.attrNames attrs)
      )
    );
in
{
  inherit
    variables
    secrets
    logLevels
    text
    ;

  # Variables and their text, from the options and from `environment`, which wins.
  environment =
    cfg:
    withoutNull (
      listToAttrs (
        map (option: {
          name = variables.${option};
          value = text (valueAt cfg option);
        }) (builtins.attrNames variables)
      )
      // builtins.mapAttrs (_: text) cfg.environment
    );

  # The secrets that are set: { variable, credential, file }.
  secretsOf =
    cfg:
    filter (secret: secret.file != null) (
      map (option: secrets.${option} // { file = valueAt cfg option; }) (builtins.attrNames secrets)
    );
}
