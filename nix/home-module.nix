# Immich Bridge as a user's own service, for Home Manager: `services.node-red-immich`.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib)
    literalExpression
    literalMD
    mkIf
    mkOption
    optionalAttrs
    types
    ;
  name = "services.node-red-immich";
  unit = "node-red-immich";
  cfg = config.services.node-red-immich;
  settings = import ./settings.nix;
  systemd = import ./systemd.nix;

  shared = import ./options.nix {
    inherit lib;
    package = pkgs.callPackage ./package.nix { };
    literalPackage = literalMD "the package of this flake, built with your nixpkgs";
  };

  nodeRed = pkgs.callPackage ./with-packs.nix { node-red = cfg.nodeRedPackage; } {
    packs = [ cfg.package ] ++ cfg.extraPacks;
  };
  flow = if cfg.starterFlow == "shipped" then cfg.package.flow else cfg.starterFlow;
  prepare = pkgs.writeShellScript "${unit}-prepare" (
    ''
      folder=${lib.escapeShellArg cfg.userDir}
      ${pkgs.coreutils}/bin/mkdir -p "$folder"
    ''
    + lib.optionalString (flow != null) ''
      [ -e "$folder/flows.json" ] || ${pkgs.coreutils}/bin/install -m 0600 ${lib.escapeShellArg "${flow}"} "$folder/flows.json"
    ''
  );

  secrets = settings.secretsOf cfg;
  path = "${
    lib.makeBinPath [
      pkgs.coreutils
      pkgs.bash
      pkgs.nodejs
    ]
  }:/run/current-system/sw/bin";
  variables = { PATH = path; } // settings.environment cfg;
  words = [
    "${nodeRed}/bin/node-red"
    "--userDir"
    cfg.userDir
    "--port"
    (toString cfg.port)
    "-D"
    "uiHost=${cfg.host}"
  ]
  ++ lib.optionals (cfg.settingsFile != null) [
    "--settings"
    "${cfg.settingsFile}"
  ]
  ++ lib.optionals (cfg.logLevel != null) [
    "-D"
    "logging.console.level=${settings.logLevels.${cfg.logLevel}}"
  ];

  calendar =
    what:
    mkOption {
      type = types.coercedTo types.str lib.singleton (types.listOf types.str);
      default = [ ];
      example = "22:00";
      description = what;
    };
  timer = what: times: {
    Unit.Description = what;
    Timer.OnCalendar = times;
    Install.WantedBy = [ "timers.target" ];
  };
  isScheduled = cfg.startAt != [ ];
in
{
  options.services.node-red-immich = shared // {
    nodeRedPackage = mkOption {
      type = types.package;
      default = pkgs.node-red;
      defaultText = literalExpression "pkgs.node-red";
      description = "Node-RED itself, 4.1 or 5.";
    };
    userDir = mkOption {
      type = types.str;
      default = "${config.xdg.dataHome}/node-red-immich";
      defaultText = literalExpression ''"''${config.xdg.dataHome}/node-red-immich"'';
      description = "Node-RED's folder, with the flow and what the nodes remember. It is made when it is missing.";
    };
    settingsFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      description = "Node-RED's settings.js. Null means the one in `userDir`, which Node-RED writes at its first start.";
    };
    host = mkOption {
      type = types.str;
      default = "127.0.0.1";
      description = "Where the editor listens. It has no password unless your settings.js sets one.";
    };
    port = mkOption {
      type = types.port;
      default = 1880;
      description = "Port of the editor.";
    };
    startAt = calendar ''
      When the service starts, as in `man systemd.time`. The empty list means at login, and for good.
    '';
    stopAt = calendar ''
      When a service that `startAt` started stops again. What lies in the watched folders then waits for the next start.
    '';
  };

  config = mkIf cfg.enable {
    assertions = [
      (lib.hm.assertions.assertPlatform name pkgs lib.platforms.linux)
      {
        assertion = systemd.folderProblem cfg.userDir == null;
        message = "${name}.userDir: the folder \"${cfg.userDir}\" ${toString (systemd.folderProblem cfg.userDir)}.";
      }
      {
        assertion = cfg.stopAt == [ ] || isScheduled;
        message = "${name}.stopAt: nothing starts it again. Set startAt, too.";
      }
    ]
    ++ import ./checks.nix { inherit name cfg; };

    systemd.user.services = {
      ${unit} = {
        Unit = {
          Description = "Immich Bridge: photos from folders to Immich";
          StartLimitIntervalSec = 300;
          StartLimitBurst = 10;
        };
        Service = {
          ExecStartPre = "${prepare}";
          ExecStart = lib.concatMapStringsSep " " systemd.word words;
          Environment =
            lib.mapAttrsToList (systemd.assignment false) variables
            ++ map (secret: systemd.assignment true secret.variable "%d/${secret.credential}") secrets;
          Restart = "on-failure";
          RestartSec = 5;
          UMask = "0077";
          NoNewPrivileges = true;
          LockPersonality = true;
          RestrictRealtime = true;
          RestrictSUIDSGID = true;
          SystemCallArchitectures = "native";
        }
        // optionalAttrs (secrets != [ ]) {
          LoadCredential = map (secret: "${secret.credential}:${systemd.file secret.file}") secrets;
        }
        // optionalAttrs (cfg.environmentFiles != [ ]) {
          EnvironmentFile = map systemd.file cfg.environmentFiles;
        };
      }
      // optionalAttrs (!isScheduled) { Install.WantedBy = [ "default.target" ]; };
    }
    // optionalAttrs (cfg.stopAt != [ ]) {
      "${unit}-stop" = {
        Unit = {
          Description = "Stops Immich Bridge for today";
          Conflicts = [ "${unit}.service" ];
        };
        Service = {
          Type = "oneshot";
          ExecStart = "${pkgs.coreutils}/bin/true";
        };
      };
    };

    systemd.user.timers =
      optionalAttrs isScheduled { ${unit} = timer "When Immich Bridge starts" cfg.startAt; }
      // optionalAttrs (cfg.stopAt != [ ]) {
        "${unit}-stop" = timer "When Immich Bridge stops" cfg.stopAt;
      };
  };
}
