# The options that the NixOS module and the Home Manager module share.
{
  lib,
  literalPackage, # how the manual writes the default package
  package, # the default package
}:
let
  inherit (lib) mkOption mkEnableOption types;
  settings = import ./settings.nix;

  optional =
    type: attrs:
    mkOption (
      {
        type = types.nullOr type;
        default = null;
      }
      // attrs
    );

  secretFile =
    what: example:
    optional types.str {
      inherit example;
      description = ''
        Absolute path, as a string, of a file with ${what}. systemd reads it as root (or, in Home Manager, as you) and
        hands the program a copy that nobody else can read. It must not lie in the Nix store, which everybody can read.
      '';
    };
in
{
  enable = mkEnableOption "Immich Bridge: Node-RED with nodes that upload photos from folders to Immich";

  package = mkOption {
    type = types.package;
    default = package;
    defaultText = literalPackage;
    description = "The node pack.";
  };

  extraPacks = mkOption {
    type = types.listOf types.package;
    default = [ ];
    example = lib.literalExpression "[ pkgs.my-node-red-pack ]";
    description = ''
      Other node packs to preload beside this one: packages that have `lib/node_modules`, as buildNpmPackage makes them.
    '';
  };

  starterFlow = optional (types.either (types.enum [ "shipped" ]) types.path) {
    example = "shipped";
    description = ''
      The flow to start with: `"shipped"` for the one of this pack, or a file. It is copied to `flows.json` in Node-RED's
      folder at a start that finds no such file, so that what you change in the editor is kept.
    '';
  };

  immich = {
    url = optional types.str {
      example = "http://192.168.1.10:2283";
      description = "Immich's address in any spelling, with or without `/api`.";
    };
    apiKeyFile = secretFile "the API key" "/run/secrets/immich-api-key";
    metrics.apiUrl = optional types.str {
      example = "http://127.0.0.1:8081/metrics";
      description = "Immich's Prometheus endpoint for the API, which *immich health* reads.";
    };
    metrics.jobsUrl = optional types.str {
      example = "http://127.0.0.1:8082/metrics";
      description = "Immich's Prometheus endpoint for jobs, which *immich health* reads.";
    };
  };

  watch = {
    directories = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "/srv/photos/inbox" ];
      description = "Folders to watch: absolute paths, without a comma in them.";
    };
    recursive = optional types.bool {
      description = "Whether folders below them count, too. Null means yes.";
    };
  };

  archive.directory = optional types.str {
    example = "/srv/photos/archive";
    description = "Folder to which originals go once Immich has confirmed them: an absolute path.";
  };

  upload = {
    extensions = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [
        "jpg"
        "heic"
        "mp4"
      ];
      description = "Endings of the files to upload. The empty list means all that your Immich takes.";
    };
    maxFileSizeMB = optional types.ints.positive {
      description = "Larger files are left where they are. Null means no limit.";
    };
    concurrency = optional (types.ints.between 1 16) {
      description = "Files that are sent at a time. Null means 4.";
    };
    backPressure = optional (types.enum [
      "off"
      "slow"
      "hold"
    ]) {
      description = ''
        What to do while Immich's machine learning is behind, or its disk or your quota nearly full: `slow` sends one file
        at a time, `hold` waits. Null means `off`.
      '';
    };
    stack = optional (types.enum [
      "jpeg"
      "raw"
      "off"
    ]) {
      description = "Whether RAW and JPEG, and bursts, become a stack, and which is on top. Null means `jpeg`.";
    };
    order = optional (types.enum [
      "found"
      "newest"
      "oldest"
      "small"
    ]) {
      description = "Which waiting file goes next; `small` means small before big. Null means `found`.";
    };
    limitMbit = optional types.numbers.positive {
      description = "Megabits a second that are sent, over all files together. Null means as fast as it goes.";
    };
    failedDirectory = optional types.str {
      example = "/srv/photos/failed";
      description = "Where a file goes that fails for good, beside a text that says why. Null leaves it where it is.";
    };
    dryRun = optional types.bool {
      description = "Whether everything is only said, and nothing sent or moved. Null means no.";
    };
    quietHours = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [
        "22:00-06:00"
        "Sat Sun 22:00-09:00"
      ];
      description = "Hours of the clock on the wall in which nothing is sent, with days before them if you like.";
    };
    albums = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "{folder}" ];
      description = "Albums for each photo: names and templates, without a comma in them (docs/organise.md).";
    };
    tags = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "trips/{folder}" ];
      description = "Tags for each photo, in the same way; `a/b` is a tag below a tag.";
    };
    favorite = optional types.bool {
      description = "Whether new photos become favourites. Null means no.";
    };
    visibility = optional (types.enum [
      "timeline"
      "archive"
      "locked"
    ]) {
      description = "Where Immich shows new photos. Null means `timeline`.";
    };
    dateFromName = optional types.bool {
      description = "Whether names date photos that have no date of their own. Null means no.";
    };
    timeZone = optional types.str {
      example = "Europe/Berlin";
      description = "Of dates in names. Null means that of the machine.";
    };
  };

  stability = {
    waitSeconds = optional types.numbers.nonnegative {
      description = "How many seconds a file's size and time of change must stand still. Null means 5.";
    };
    checkInterval = optional types.numbers.positive {
      description = "Seconds between two looks. Null means 1.";
    };
    waitSecondsVideo = optional types.numbers.nonnegative {
      description = "How many seconds a large file must stand still. Null means 30.";
    };
    minSizeMB = optional types.numbers.nonnegative {
      description = "From this size on, a file counts as large. Null means 100.";
    };
    companionSeconds = optional types.numbers.nonnegative {
      description = ''
        How many seconds files that belong together must have stood still, the quiet time included, so that a late one
        joins them. Null means 2.
      '';
    };
    verifyVideo = optional types.bool {
      description = "Whether a video must also be complete inside. Null means yes.";
    };
  };

  logLevel = optional (types.enum (lib.attrNames settings.logLevels)) {
    description = "How much Node-RED writes to the journal. Null leaves it to Node-RED's settings, which means `INFO`.";
  };

  mqtt = {
    url = optional types.str {
      example = "mqtt://192.168.1.5";
      description = "The MQTT broker. A login does not belong here but into the two options below.";
    };
    username = optional types.str {
      description = "The user for the broker.";
    };
    passwordFile = secretFile "the broker's password" "/run/secrets/mqtt-password";
    baseTopic = optional types.str {
      description = "First part of all topics. Null means `immich-bridge`.";
    };
    instance = optional types.str {
      description = "Second part of all topics; give each machine its own. Null means the host name.";
    };
    discoveryPrefix = optional types.str {
      description = "Where Home Assistant looks for devices. Null means `homeassistant`.";
    };
  };

  environment = mkOption {
    type = types.attrsOf (
      types.nullOr (
        types.oneOf [
          types.bool
          types.int
          types.float
          types.str
          types.path
        ]
      )
    );
    default = { };
    example = {
      NODE_EXTRA_CA_CERTS = "/etc/ssl/home-ca.pem";
    };
    description = ''
      Further environment variables of Node-RED. They win over the options above. They are public: secrets belong into the
      files.
    '';
  };

  environmentFiles = mkOption {
    type = types.listOf types.str;
    default = [ ];
    example = [ "/run/secrets/immich-bridge.env" ];
    description = ''
      Files with lines `NAME=value`, as absolute paths outside the Nix store, which sops-nix and agenix make. They win over
      `environment`. A "-" before a path means that the file may be missing.
    '';
  };
}
