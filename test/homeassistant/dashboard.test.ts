import { describe, expect, it } from 'vitest';
import {
  entities,
  entitiesOf,
  everything,
  type Fields,
  fieldsOf,
  listOf,
  messageOn,
  readYaml,
  templatesIn,
  textOfFile,
  topics,
} from './product.js';
import { templateProblems } from './templates.js';

const text = textOfFile('homeassistant/dashboard.yaml');
const dashboard = readYaml(text);

/** Cards that come with Home Assistant 2024.10. */
const CORE_CARDS = ['heading', 'tile', 'markdown', 'gauge', 'history-graph'];

const sections = listOf(fieldsOf(listOf(dashboard.views)[0]).sections).map(fieldsOf);
const cards = sections.flatMap(({ cards: own }) => listOf(own).map(fieldsOf));

/** Every entity that a dashboard names. */
const namedIn = (tree: unknown) =>
  [...everything(tree)].flatMap(([key, value]) =>
    (key === 'entity' || key === 'entity_id') && typeof value === 'string' ? [value] : [],
  );
const idsOf = (instance: string) =>
  entitiesOf(instance)
    .filter(({ isOff }) => !isOff)
    .map(({ id }) => id);

describe('the dashboard', () => {
  it('is one view of sections with cards that need nothing else', () => {
    expect(dashboard.views).toHaveLength(1);
    expect(dashboard).toMatchObject({
      views: [{ type: 'sections', title: expect.any(String), path: expect.any(String) }],
    });
    expect(sections.map(({ type }) => type)).toEqual(sections.map(() => 'grid'));
    expect(cards.filter(({ type }) => !CORE_CARDS.includes(String(type)))).toEqual([]);
    expect(sections.map(({ cards: own }) => fieldsOf(listOf(own)[0]).type)).toEqual(
      sections.map(() => 'heading'),
    );
  });

  it('shows entities that the bridge announces, and that are enabled', () => {
    expect(namedIn(dashboard).length).toBeGreaterThan(30);
    expect(namedIn(dashboard).filter((id) => !idsOf('nas1').includes(id))).toEqual([]);
  });

  it('fits another instance after one search and replace', () => {
    const other = text.replaceAll('immich_bridge_nas1', 'immich_bridge_photo_box_2');
    expect(namedIn(readYaml(other)).filter((id) => !idsOf('photo-box_2').includes(id))).toEqual([]);
    expect(other.replace(/^#.*$/gm, '')).not.toContain('nas1');
  });

  it('has the retry only while something needs a person', () => {
    const needed: Fields = {
      visibility: [
        { condition: 'state', entity: 'binary_sensor.immich_bridge_nas1_upload_problem', state: 'on' },
      ],
    };
    const retry = cards.filter(({ entity }) => entity === 'button.immich_bridge_nas1_retry_failed');
    expect(retry).toMatchObject([{ ...needed, tap_action: { perform_action: 'button.press' } }]);
    expect(cards.filter(({ visibility }) => visibility !== undefined)).toMatchObject([
      needed,
      needed,
      needed,
      needed,
    ]);
  });

  it('shows the switch and the course of the GPU', () => {
    const shown = new Map(cards.map((card) => [card.entity, card]));
    expect(shown.get('switch.immich_bridge_nas1_paused')).toMatchObject({
      type: 'tile',
      tap_action: { action: 'toggle' },
    });
    const graphs = cards.filter(({ type }) => type === 'history-graph');
    expect(namedIn(graphs)).toContain('sensor.immich_bridge_nas1_gpu_0_temperature');
  });

  it('has templates of a good form that read what there is', () => {
    const templates = templatesIn(dashboard);
    expect(templates.flatMap(templateProblems)).toEqual([]);
    const attributes = [...templates.join().matchAll(/attributes\.(\w+)/g)].map(([, key]) => key);
    expect(Object.keys(messageOn(topics.uploadEvent))).toEqual(expect.arrayContaining(attributes));
    expect(templates.join()).toContain('states.event.immich_bridge_nas1_upload %}');
    const folder = entities.find(({ name }) => name === 'Folder Camera files');
    expect(folder?.id).toMatch(/^sensor\.immich_bridge_nas1_folder_.*_files$/);
    expect(templates.join()).toContain("'sensor.immich_bridge_nas1_folder_'");
  });
});
