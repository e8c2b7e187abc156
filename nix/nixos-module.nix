# Immich Bridge in the Node-RED of NixOS: `services.node-red-immich`.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib)
    literalMD
    mkBefore
    mkDefault
    mkIf
    mkOption
    optional
    optionalAttrs
    types
    ;
  name = "services.node-red-immich";
  cfg = config.services.node-red-immich;
  nodeRed = config.services.node-red;
  local = import ./local-services.nix { inherit lib config; };
  settings = import ./settings.nix;
  systemd = import ./systemd.nix;

  shared = import ./options.nix {
    inherit lib;
    package = pkgs.callPackage ./package.nix { };
    literalPackage = literalMD "the package of this flake, built with your nixpkgs";
  };

  nodes = pkgs.symlinkJoin {
    name = "node-red-packs";
    paths = [ cfg.package ] ++ cfg.extraPacks;
  };
  flow = if cfg.starterFlow == "shipped" then cfg.package.flow else cfg.starterFlow;
  copyFlow = pkgs.writeShellScript "node-red-starter-flow" ''
    flow=${lib.escapeShellArg nodeRed.userDir}/flows.json
    [ -e "$flow" ] || ${pkgs.coreutils}/bin/install -m 0640 ${lib.escapeShellArg "${flow}"} "$flow"
  '';

  folders =
    cfg.watch.directories
    ++ optional (cfg.archive.directory != null) cfg.archive.directory
    ++ optional (cfg.upload.failedDirectory != null) cfg.upload.failedDirectory;
  writable = systemd.outermost (
    cfg.parentDirectories
    ++ folders
    ++ optional (nodeRed.userDir != "/var/lib/node-red") nodeRed.userDir
  );
  secrets = settings.secretsOf cfg;
  hasNvidia = cfg.gpu.nvidia.enable;

  # What the shipped flow cannot do without, unless variables or files hold it.
  isLeftAlone = cfg.starterFlow == "shipped" && cfg.environmentFiles == [ ] && cfg.environment == { };
  unset = lib.filter (option: option != null) [
    (if cfg.immich.url == null then "immich.url" else null)
    (if cfg.immich.apiKeyFile == null then "immich.apiKeyFile" else null)
    (if cfg.watch.directories == [ ] then "watch.directories" else null)
    (if cfg.archive.directory == null then "archive.directory" else null)
  ];
in
{
  options.services.node-red-immich = shared // {
    immich = shared.immich // {
      url = shared.immich.url // {
        default = local.immichUrl;
        defaultText = literalMD "the address of services.immich when it is enabled here, else null";
      };
    };
    mqtt = shared.mqtt // {
      url = shared.mqtt.url // {
        default = local.mqttUrl;
        defaultText = literalMD "the first listener of services.mosquitto when it is enabled here, else null";
      };
    };

    parentDirectories = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "/srv/photos" ];
      description = ''
        Folders that hold watched folders and the archive. With hardening, each folder that is opened for the service is a
        file system of its own to it, and an original is copied to the archive, compared and removed. Below a common parent
        that is named here it is just renamed. The service can write everywhere below.
      '';
    };

    supplementaryGroups = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "photos" ];
      description = "Groups that Node-RED gets beside its own, to reach files or devices.";
    };

    hardening = mkOption {
      type = types.bool;
      default = true;
      description = ''
        Whether Node-RED is shut in: it can write nowhere but in its own folder and the folders above, and sees no home
        folders, devices or other users' programs. It holds for all flows of this Node-RED.
      '';
    };

    gpu.nvidia.enable = mkOption {
      type = types.bool;
      default = false;
      description = "Whether *GPU stats* can run `nvidia-smi` of `hardware.nvidia.package` and reach the cards.";
    };

    gpu.devices = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "/dev/dri/renderD128" ];
      description = "Further device files that Node-RED may open.";
    };
  };

  config = mkIf cfg.enable {
    services.node-red = {
      enable = mkDefault true;
      # First, so that a value of the user's own wins: the option keeps the last one.
      define = mkBefore (
        {
          nodesDir = "${nodes}/lib";
        }
        // optionalAttrs (!nodeRed.openFirewall) { uiHost = "127.0.0.1"; }
        // optionalAttrs (cfg.logLevel != null) {
          "logging.console.level" = settings.logLevels.${cfg.logLevel};
        }
      );
    };

    systemd.services.node-red = {
      after =
        optional local.hasImmich "immich-server.service"
        ++ optional local.hasMosquitto "mosquitto.service";
      environment =
        lib.mapAttrs (_: systemd.percent) (settings.environment cfg)
        // lib.listToAttrs (
          map (secret: lib.nameValuePair secret.variable "%d/${secret.credential}") secrets
        );
      path = optional hasNvidia config.hardware.nvidia.package.bin;
      unitConfig = optionalAttrs (writable != [ ]) {
        RequiresMountsFor = map (systemd.path "") writable;
      };
      serviceConfig =
        optionalAttrs (secrets != [ ]) {
          LoadCredential = map (secret: "${secret.credential}:${systemd.file secret.file}") secrets;
        }
        // optionalAttrs (cfg.environmentFiles != [ ]) {
          EnvironmentFile = map systemd.file cfg.environmentFiles;
        }
        // optionalAttrs (cfg.supplementaryGroups != [ ]) {
          SupplementaryGroups = cfg.supplementaryGroups;
        }
        // optionalAttrs (flow != null) { ExecStartPre = [ "${copyFlow}" ]; }
        // optionalAttrs cfg.hardening (
          import ./hardening.nix {
            inherit lib hasNvidia writable;
            inherit (cfg.gpu) devices;
          }
        );
    };

    assertions = import ./checks.nix { inherit name cfg; } ++ [
      {
        assertion = nodeRed.enable;
        message = "${name}.enable: services.node-red.enable is false, and the nodes need it.";
      }
      {
        assertion = (nodeRed.define.nodesDir or null) == "${nodes}/lib";
        message = "services.node-red.define.nodesDir: another value is set, which hides the nodes for Immich. Name your packs in ${name}.extraPacks.";
      }
      {
        assertion = lib.all (path: systemd.folderProblem path == null) cfg.parentDirectories;
        message = "${name}.parentDirectories: type absolute paths without a comma, quote or backslash.";
      }
      {
        assertion = cfg.parentDirectories == [ ] || cfg.hardening;
        message = "${name}.parentDirectories: it has no effect without ${name}.hardening; leave it out.";
      }
    ];
    warnings =
      optional (isLeftAlone && unset != [ ])
        "${name}: the shipped flow waits for ${lib.concatStringsSep ", " unset}.";
  };
}
