# Immich and mosquitto of the same machine, where NixOS runs them, and how they are reached.
{ lib, config }:
let
  immich = config.services.immich or { enable = false; };
  mosquitto = config.services.mosquitto or { enable = false; };

  # What a server listens on, as an address to call.
  callable =
    host:
    if host == null || host == "" || host == "0.0.0.0" then
      "127.0.0.1"
    else if host == "::" then
      "[::1]"
    else if lib.hasInfix ":" host then
      "[${host}]"
    else
      host;

  # Plain MQTT: no TLS, no web sockets, no Unix socket.
  isPlain =
    { port, settings, ... }:
    port != 0 && !(settings ? certfile) && (settings.protocol or "mqtt") == "mqtt";
  listeners = lib.filter isPlain (lib.optionals mosquitto.enable mosquitto.listeners);
  first = lib.head listeners;
in
{
  hasImmich = immich.enable;
  hasMosquitto = mosquitto.enable;
  immichUrl = if immich.enable then "http://${callable immich.host}:${toString immich.port}" else null;
  mqttUrl =
    if listeners == [ ] then null else "mqtt://${callable first.address}:${toString first.port}";
}
