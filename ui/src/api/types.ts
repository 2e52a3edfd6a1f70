import { type components } from './types.gen';

type Schemas = components['schemas'];

export type ConsoleConfig = Schemas['ConsoleConfig'];
export type Sli = Schemas['Sli'];
export type Annotation = Schemas['Annotation'];
export type DashboardEntry = Schemas['DashboardEntry'];
export type View = Schemas['View'];
export type ViewFreshness = Schemas['ViewFreshness'];
export type Platform = Schemas['Platform'];
export type RunningQuery = Schemas['RunningQuery'];
export type Unused = Schemas['Unused'];
export type Usage = Schemas['Usage'];
export type MetricReader = Schemas['MetricReader'];
export type MetricDay = Schemas['MetricDay'];
export type OwnerSeries = Schemas['OwnerSeries'];
export type Costs = Schemas['Costs'];
export type Tsdb = Schemas['TsdbAnswer']['data'];
export type Limits = Schemas['LimitsAnswer']['data'];
export type GuardRejects = Schemas['GuardRejectsAnswer']['data'];
export type LabelNamesCardinality = Schemas['LabelNamesCardinality'];
export type LabelValuesCardinality = Schemas['LabelValuesCardinality'];
export type ViewLink = Schemas['ViewLink'];
export type NewViewLinkMade = Schemas['NewViewLinkAnswer']['data'];
export type SchemaMetrics = Schemas['SchemaMetrics'];
