/** What Home Assistant takes (its MQTT discovery, state of 2026.10), cut down to what is sensible for this pack. */

const words = (text: string) => text.trim().split(/\s+/);

export const ROOT_KEYS = words(`device origin components availability availability_mode availability_template
  availability_topic payload_available payload_not_available state_topic command_topic qos encoding
  message_expiry_interval`);

/** Root keys that a component inherits. */
export const INHERITED = ROOT_KEYS.slice(3);

export const DEVICE_KEYS =
  words(`identifiers connections name manufacturer model model_id sw_version hw_version
  serial_number configuration_url suggested_area via_device`);

export const ORIGIN_KEYS = words('name sw_version support_url');

export const AVAILABILITY_KEYS = words('topic payload_available payload_not_available value_template');

export const PLATFORMS = words(`alarm_control_panel binary_sensor button camera climate cover date datetime
  device_automation device_tracker event fan humidifier image infrared lawn_mower light lock notify number scene
  select sensor siren switch tag text time update vacuum valve water_heater`);

/** Platforms that make no entity. */
export const NO_ENTITY = ['device_automation', 'tag'];

export const COMMON_KEYS =
  words(`platform availability availability_mode availability_template availability_topic
  default_entity_id device enabled_by_default encoding entity_category entity_picture group icon
  json_attributes_template json_attributes_topic message_expiry_interval name origin payload_available
  payload_not_available qos unique_id visible_by_default`);

export const OWN_KEYS: Readonly<Record<string, readonly string[]>> = {
  sensor:
    words(`device_class expire_after force_update last_reset_value_template options state_class state_topic
    suggested_display_precision unit_of_measurement value_template`),
  binary_sensor: words(`device_class expire_after force_update off_delay payload_off payload_on state_topic
    value_template`),
  event: words('device_class event_types state_topic value_template'),
  button: words('command_template command_topic device_class payload_press retain'),
  switch:
    words(`command_template command_topic device_class optimistic payload_off payload_on retain state_off
    state_on state_topic value_template`),
  number: words(`command_template command_topic device_class max min mode optimistic payload_reset retain
    state_topic step unit_of_measurement value_template`),
  select: words('command_template command_topic optimistic options retain state_topic value_template'),
  text: words(
    'command_template command_topic max min mode optimistic pattern retain state_topic value_template',
  ),
  update: words(`command_topic device_class display_precision latest_version_template latest_version_topic
    payload_install release_summary release_url retain state_topic title value_template`),
  image: words('content_type image_encoding image_topic url_template url_topic'),
  device_automation: words(`platform automation_type device encoding group payload qos subtype topic type
    value_template`),
};

export const REQUIRED_KEYS: Readonly<Record<string, readonly string[]>> = {
  sensor: ['state_topic'],
  binary_sensor: ['state_topic'],
  event: ['state_topic', 'event_types'],
  update: ['state_topic'],
  button: ['command_topic'],
  switch: ['command_topic'],
  number: ['command_topic'],
  select: ['command_topic', 'options'],
  text: ['command_topic'],
  device_automation: ['automation_type', 'type', 'subtype', 'topic'],
};

/** Sensor classes whose values have no unit and no state class. */
export const UNITLESS = ['timestamp', 'enum', 'date', 'uptime'];

const TOTALS = ['measurement', 'total', 'total_increasing'];

/** Units and state classes of the sensor classes that are of use here. */
export const SENSOR_CLASSES: Readonly<Record<string, { units: string[]; states: string[] }>> = {
  data_size: { units: words('B kB MB GB TB KiB MiB GiB TiB'), states: TOTALS },
  data_rate: { units: words('B/s kB/s MB/s GB/s KiB/s MiB/s GiB/s'), states: ['measurement'] },
  duration: { units: words('ms s min h d'), states: TOTALS },
  temperature: { units: ['°C'], states: ['measurement'] },
  power: { units: words('W kW'), states: ['measurement'] },
  frequency: { units: words('Hz kHz MHz GHz'), states: ['measurement'] },
};

export const COUNT_STATES = TOTALS;

export const OTHER_CLASSES: Readonly<Record<string, readonly string[]>> = {
  binary_sensor: words('connectivity problem running heat update'),
  button: words('restart update identify'),
  switch: words('switch outlet'),
  update: ['firmware'],
};
