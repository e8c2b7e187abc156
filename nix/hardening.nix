# What the system service may not do. Each line can be taken back by the same key in
# `systemd.services.node-red.serviceConfig`.
{
  lib,
  hasNvidia, # its programs are to be seen, and its devices opened
  devices, # other devices that may be opened
  writable, # folders, as settings of a unit take them
}:
let
  systemd = import ./systemd.nix;
  inHome = lib.filter systemd.isHome writable;
  elsewhere = lib.filter (path: !systemd.isHome path) writable;
  # Of the driver's nodes; "frontend" is the name that older drivers register.
  nvidiaDevices = map (kind: "char-nvidia${kind} rw") [
    ""
    "ctl"
    "-frontend"
    "-uvm"
    "-caps"
  ];
in
lib.mapAttrs (_: lib.mkDefault) {
  AmbientCapabilities = "";
  CapabilityBoundingSet = "";
  DeviceAllow = lib.optionals hasNvidia nvidiaDevices ++ map (device: "${systemd.percent device} rw") devices;
  DevicePolicy = "closed";
  LockPersonality = true;
  MemoryDenyWriteExecute = false; # V8 writes the code that it runs
  NoNewPrivileges = true;
  PrivateDevices = !hasNvidia && devices == [ ];
  PrivateMounts = true;
  ProtectClock = true;
  ProtectControlGroups = true;
  ProtectHome = if inHome == [ ] then true else "tmpfs";
  ProtectHostname = true;
  ProtectKernelLogs = true;
  ProtectKernelModules = true;
  ProtectKernelTunables = true;
  # The programs on a card belong to other users.
  ProtectProc = if hasNvidia then "default" else "invisible";
  ProtectSystem = "strict";
  RemoveIPC = true;
  RestrictAddressFamilies = [
    "AF_UNIX"
    "AF_INET"
    "AF_INET6"
    "AF_NETLINK" # the list of network interfaces
  ];
  RestrictNamespaces = true;
  RestrictRealtime = true;
  RestrictSUIDSGID = true;
  SystemCallArchitectures = "native";
  SystemCallErrorNumber = "EPERM";
  SystemCallFilter = [
    "@system-service @pkey"
    "~@privileged @resources"
  ];
  UMask = "0027";
  # "-": a missing folder must not keep the service from starting; its node says so.
  BindPaths = map (systemd.bindPath "-") inHome;
  ReadWritePaths = map (systemd.path "-") elsewhere;
}
