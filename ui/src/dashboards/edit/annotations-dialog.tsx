import { Button, Checkbox, Group, Modal, Text } from '@mantine/core';
import { type ReactNode, useState } from 'react';

import { type AnnotationSource, type Dashboard } from '../model/dashboard';
import { platformAnnotations } from '../page/annotation-marks';
import { type ResolvedVariable } from '../variables/resolve';
import { AnnotationFields, AnnotationPreview, annotationProblem, newAnnotation } from './annotation-fields';
import classes from './forms.module.css';
import { ItemList } from './item-list';
import { useEditedList } from './use-edited-list';

export interface AnnotationsDialogProps {
  readonly dashboard: Dashboard;
  readonly variables: readonly ResolvedVariable[];
  readonly onApply: (dashboard: Dashboard) => void;
  readonly onClose: () => void;
}

/** Where the marks on a dashboard's charts come from, with what each marks now. Nothing changes until it is applied. */
export function AnnotationsDialog({ dashboard, variables, onApply, onClose }: AnnotationsDialogProps): ReactNode {
  const given = dashboard.spec.annotations ?? [];
  const [platform, setPlatform] = useState(!given.some((one) => isPlatform(one) && one.display?.hidden));
  const edited = useEditedList(
    given.filter((one) => !isPlatform(one)),
    ({ length }) => newAnnotation(length),
  );
  const { list } = edited;
  const source = list[edited.chosen];
  const wrong = list.some((one) => annotationProblem(one) !== '');
  const apply = () => {
    const hidden: AnnotationSource = { display: { hidden: true }, plugin: { kind: platformAnnotations, spec: {} } };
    const annotations = platform ? list : [hidden, ...list];
    onApply({ ...dashboard, spec: { ...dashboard.spec, annotations } });
  };
  return (
    <Modal opened onClose={onClose} title="Annotations" size="min(1180px, 96vw)" transitionProps={{ duration: 0 }}>
      <Checkbox
        label="Deploys, incidents and notes are marked"
        mb="sm"
        checked={platform}
        onChange={(event) => setPlatform(event.currentTarget.checked)}
      />
      <div className={classes.columns}>
        <ItemList
          label="Annotations in their order"
          one="annotation"
          items={list.map((one) => ({
            name: one.display?.name ?? '',
            note: one.display?.hidden ? 'not drawn' : 'marks of a query',
            problem: annotationProblem(one),
            warning: '',
          }))}
          {...edited.handlers}
        />
        {source === undefined ? (
          <Text c="dimmed">An annotation is a query; a mark stands on charts where it begins to have a value.</Text>
        ) : (
          <>
            <AnnotationFields key={edited.turn} source={source} onChange={edited.change} />
            <AnnotationPreview source={source} variables={variables} />
          </>
        )}
      </div>
      <Group justify="flex-end" mt="sm">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button disabled={wrong} onClick={apply}>
          Apply
        </Button>
      </Group>
    </Modal>
  );
}

function isPlatform(source: AnnotationSource): boolean {
  return source.plugin.kind === platformAnnotations;
}
