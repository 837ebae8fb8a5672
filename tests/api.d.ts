// adapter.d.ts
/** What there is of WebGPU. */
export type WebGpuAbility = {
    kind: "missing";
}
/** The browser knows WebGPU, and has no adapter for it. */
 | {
    kind: "none";
} | {
    kind: "software" | "hardware";
    adapter: string;
};
/** Asks the browser for an adapter. */
export declare function probeWebGpu(): Promise<WebGpuAbility>;

// augment.d.ts
import type { Context } from "./context.ts";
import { Dataset } from "./dataset.ts";
import { Model } from "./model.ts";
import type { Displayable } from "./plot.ts";
import type { Pair } from "./tensor.ts";
import { Tensor } from "./tensor.ts";
/** A transform and its options. */
export interface Transform {
    readonly kind: string;
    readonly [option: string]: unknown;
}
/** A probability. */
export interface Chance {
    /** The share of samples. */
    p?: number;
}
/** How far a factor may lie from 1. */
export interface Jitter {
    /** Factors lie between 1 − by and 1 + by; 0.2. */
    by?: number;
}
/** How values between pixels are made when images are turned. */
export interface SamplingOptions {
    /** "bilinear". */
    sampling?: "bilinear" | "nearest";
}
/** Samples and what is true of them. */
export interface AugmentBatch {
    /** Images [N, C, H, W] or signals [N, C, L]. */
    x: Tensor;
    /** Class labels (i32 [N]), or probabilities (f32 [N, classes]). */
    labels?: Tensor;
    /** Targets for each pixel, [N, …, H, W]: classes (i32), or numbers (f32), which are sampled as the images are. */
    masks?: Tensor;
    /** Corners x1, y1, x2, y2 in pixels, f32 [N, K, 4]; a box without area is none. */
    boxes?: Tensor;
}
/** Transforms, drawn anew for each sample, and what can be done with lists of them. Images have values from 0 to 1. */
export interface Augmentations {
    /** Mirrors left and right; p 0.5. */
    horizontalFlip(options?: Chance): Transform;
    /** Mirrors top and bottom; p 0.5. */
    verticalFlip(options?: Chance): Transform;
    /** A part at random, of the image with `padding` pixels of zeros around it; as large as the image if no size is given. */
    randomCrop(options?: {
        size?: Pair;
        padding?: Pair;
    }): Transform;
    /** The middle. */
    centerCrop(options: {
        size: Pair;
    }): Transform;
    /** One of the four corners, or the middle. */
    cornerCrop(options: {
        size: Pair;
    }): Transform;
    /** All images at a size. */
    resizeTo(options: {
        size: Pair;
        mode?: "nearest" | "bilinear" | "bicubic";
    }): Transform;
    /** Turned by up to `degrees`, moved by up to `translate` (a share of the size), as large as `scale` [from, to], sheared by up to `shear`
     * degrees along x and y. */
    affine(options?: SamplingOptions & {
        degrees?: number;
        translate?: number;
        scale?: readonly [number, number];
        shear?: readonly [number, number];
    }): Transform;
    /** Turned by up to so many degrees (15) to either side. */
    rotate(options?: SamplingOptions & {
        degrees?: number;
    }): Transform;
    /** Moved by up to a share of the size (0.1) to any side. */
    translate(options?: SamplingOptions & {
        by?: number;
    }): Transform;
    /** Sheared by up to so many degrees (10) along x. */
    shear(options?: SamplingOptions & {
        degrees?: number;
    }): Transform;
    /** Lighter or darker. */
    brightness(options?: Jitter): Transform;
    /** More or less contrast. */
    contrast(options?: Jitter): Transform;
    /** More or less colour. */
    saturation(options?: Jitter): Transform;
    /** Colours turned by up to a part of the circle (0.05) to either side. */
    hue(options?: {
        by?: number;
    }): Transform;
    /** Raised to a power between these; [0.8, 1.25]. */
    gamma(options?: {
        gamma?: readonly [number, number];
    }): Transform;
    /** Without colour; p 0.1. */
    grayscale(options?: Chance): Transform;
    /** Negatives; p 0.5. */
    invert(options?: Chance): Transform;
    /** Tones from a threshold (0.5) on inverted; p 0.5. */
    solarize(options?: Chance & {
        threshold?: number;
    }): Transform;
    /** Few tones: so many bits (4) of each byte; p 0.5. */
    posterize(options?: Chance & {
        bits?: number;
    }): Transform;
    /** Tones stretched to the whole range; p 0.5. */
    autocontrast(options?: Chance): Transform;
    /** Sharper or softer. */
    sharpness(options?: Jitter): Transform;
    /** Out of focus by a deviation between these; kernel 5 (odd), sigma [0.1, 2]. */
    gaussianBlur(options?: {
        kernel?: number;
        sigma?: readonly [number, number];
    }): Transform;
    /** White noise with a normal distribution; sigma 0.1, values kept within 0 to 1. */
    noise(options?: {
        sigma?: number;
        clip?: boolean;
    }): Transform;
    /** A rectangle (8 × 8) without image. */
    cutout(options?: {
        size?: Pair;
        value?: number;
    }): Transform;
    /** Two samples on top of each other, labels alike; shares from Beta(alpha, alpha), alpha 0.2. */
    mixup(options?: {
        alpha?: number;
    }): Transform;
    /** A part of another sample pasted in, labels by area; alpha 1. */
    cutmix(options?: {
        alpha?: number;
    }): Transform;
    /** A share of the labels (p 0.1) drawn anew from all classes. Accuracies go by the labels of the data set. */
    labelNoise(options?: Chance): Transform;
    /** Signals played faster or slower, with their pitch; by 0.1. */
    speed(options?: Jitter): Transform;
    /** Signals up to so many semitones (2) higher or lower, as fast as before; window 512 samples. */
    pitchShift(options?: {
        semitones?: number;
        window?: number;
    }): Transform;
    /** Signals up to so many decibels (6) louder or softer. */
    gain(options?: {
        db?: number;
    }): Transform;
    /** A batch after transforms: what they move, masks and boxes follow. */
    apply(transforms: readonly Transform[], batch: Tensor | AugmentBatch, options?: {
        seed?: number;
        classes?: number;
    }): AugmentBatch;
    /** A grid of `count` (4) samples, each in a row of `views` (6): the first as it is, the others as training sees them. */
    preview(data: Dataset | Tensor, transforms: readonly Transform[], options?: {
        count?: number;
        views?: number;
        seed?: number;
    }): Displayable;
    /**
     * Test-time augmentation: the mean probabilities [N, classes] over several views of each sample of a model that gives logits. The first
     * is the sample as it is, unless the transforms change its size.
     */
    predict(model: Model, data: Dataset | Tensor, transforms: readonly Transform[], options?: {
        views?: number;
        seed?: number;
        batchSize?: number;
    }): Promise<Tensor>;
}
export declare function augment(context: Context): Augmentations;

// backprop.d.ts
import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Context } from "./context.ts";
import type { GraphPicture } from "./graph.ts";
import type { Displayable } from "./plot.ts";
import { Tensor } from "./tensor.ts";
/** One node of the computation. */
export interface BackpropStep {
    /** The name that it was given, or v1, v2, … */
    name: string;
    /** What it computes: `sigmoid(z)`; empty for what comes from outside. */
    formula: string;
    shape: number[];
    /** Its value, row by row. */
    value: number[];
    /** ∂output/∂it; absent where no gradient arrives. */
    gradient?: number[];
    /** What it hands on. */
    inputs: BackpropInput[];
}
/** What a node hands on to one that it is computed from. */
export interface BackpropInput {
    name: string;
    /** ∂node/∂input, element by element, or of a single number for each element; absent where it is a whole matrix of derivatives. */
    local?: number[];
    /** The gradient that is handed on: arriving gradient times local derivative. What an input gets in all is the sum over where it is used. */
    passed: number[];
}
/** Back-propagation through a small computation; shown on its picture, and by `table` as a table. */
export declare class Backprop {
    /** In the order of the backward pass: from the output to what comes from outside. */
    readonly steps: readonly BackpropStep[];
    /** The computation with values, gradients and local derivatives. */
    readonly picture: GraphPicture;
    /** A row for each gradient that is handed on, in the order of the backward pass. */
    get table(): Displayable;
    [DISPLAY](): LiveDisplay;
    toString(): string;
}
/** `explain.backprop` */
export declare function backprop(context: Context, output: Tensor, names: Readonly<Record<string, Tensor>>): Promise<Backprop>;

// builtin.d.ts
import type { Context } from "./context.ts";
import { Dataset } from "./dataset.ts";
import { Tensor } from "./tensor.ts";
/** A training and a test set. */
export interface TrainTest {
    train: Dataset;
    test: Dataset;
}
/** The same pictures drawn by two makers: number n of one is number n of the other. */
export interface EmojiPairs {
    /** Noto Emoji by Google: over white, [1911, 3, 32, 32], labels are categories. */
    noto: Dataset;
    /** Twemoji by Twitter, alike. */
    twemoji: Dataset;
    /** How much of each pixel is covered, 0…1, [1911, 1, 32, 32]. Over another ground: x − (1 − alpha) + (1 − alpha) · ground. */
    alpha: {
        noto: Tensor;
        twemoji: Tensor;
    };
    /** What each shows, such as "grinning face". */
    names: string[];
}
/** Cartoon faces of two styles, drawn from seeds. */
export interface Avatars {
    /** In black and white, [450, 1, 32, 32]; labels: with or without glasses. */
    lorelei: Dataset;
    /** In colour, [450, 3, 32, 32], alike. */
    adventurer: Dataset;
    /** What each shows, such as `{ hair: "long11", hairColor: "#592454", mouth: "variant30" }`: labels of any other kind. */
    shows: {
        lorelei: Record<string, string>[];
        adventurer: Record<string, string>[];
    };
}
/** Names of people, in capitals, the most frequent first. */
export interface PeopleNames {
    female: string[];
    male: string[];
    surnames: string[];
}
/** The built-in data sets. Each is loaded on first use, checked, and kept in the browser's storage. */
export interface BuiltIn {
    /** Handwritten digits, 28 × 28, values 0…1: 8,000 to learn from and 2,000 held back. */
    mnist(): Promise<TrainTest>;
    /** Pictures of clothes, 28 × 28, in 10 classes: 5,000 to learn from and 1,000 held back. */
    fashion(): Promise<TrainTest>;
    /** Colour photographs, 32 × 32, in 10 classes: 5,000 to learn from and 1,000 held back; 6 MB. */
    cifar10(): Promise<TrainTest>;
    /** 1,797 handwritten digits of 8 × 8: small enough for everything. */
    digits8(): Promise<Dataset>;
    /** 100 faces and 100 patches without one, grey, 25 × 25. */
    faces25(): Promise<Dataset>;
    /** Drawings of the game Quick, Draw!, 28 × 28: 100 of each of 20 classes, one class after the other. */
    quickdraw(): Promise<Dataset>;
    /** 1,911 emoji in two styles, with names and categories; 5 MB. */
    emoji(): Promise<EmojiPairs>;
    /** 450 cartoon faces in each of two styles, half of them with glasses, and what else each shows. */
    avatars(): Promise<Avatars>;
    /** Seven photographs by name (chelsea, coffee, camera, astronaut, rocket, china, flower), each [1, 3, H, W], values 0…1. */
    photos(): Promise<Record<string, Tensor>>;
    /** Eight plays by Shakespeare, about a million characters. */
    shakespeare(): Promise<string>;
    /** First names and surnames of a census. */
    names(): Promise<PeopleNames>;
    /** The digits 0 to 9, spoken by three voices one after the other (two English, one French): [30, 8000], −1…1, 8 kHz. */
    spokenDigits(): Promise<Dataset>;
}
export declare function builtIn(context: Context): BuiltIn;

// collections.d.ts
/** A file of a collection: what it holds, such as "train.images", and its bytes, unpacked; or elements that were read, with sizes. */
export type CollectionFile = [label: string, bytes: Uint8Array] | [label: string, elements: Float32Array | Int32Array | Uint32Array | Uint8Array, shape: number[]];
/** How far a data set has come. */
export interface LoadProgress {
    /** The name of the data set. */
    name: string;
    /** Bytes that are here; all of them once loading is over, even by an error. */
    loaded: number;
    /** Bytes of all its files. */
    total: number;
}
/** Loads a collection from the folder that holds all of them, or a part of it (`name/part`). Errors: a file is missing, cut short or damaged. */
export declare function loadCollection(assets: URL, name: string, onProgress?: (progress: LoadProgress) => void): Promise<CollectionFile[]>;

// compile.d.ts
import type { Context } from "./context.ts";
import type { Create } from "./create.ts";
import type { Plan } from "./plan.ts";
import type { Profile } from "./profile.ts";
import type { Roofline } from "./roofline.ts";
import type { DType, Nested, Operand, Values } from "./tensor.ts";
import { Tensor } from "./tensor.ts";
/** Options of `compile`. */
export interface CompileOptions {
    /** Random numbers within the function follow from it, others in each call; drawn afresh if left out. */
    seed?: number;
}
/** What a call takes for what the function takes: a number where that has a tensor without axes. */
export type CallArgument<T> = T extends Tensor ? Operand : T extends object ? {
    [K in keyof T]: CallArgument<T[K]>;
} : T;
/** A compiled function. */
export interface Compiled<A extends unknown[], R> {
    /**
     * One call. It is sent ahead: the promise settles when more may be sent, and what it gives is computed when it is
     * read. State that the function changes is changed by each call, in the order of the calls.
     */
    (...args: {
        [K in keyof A]: CallArgument<A[K]>;
    }): Promise<R>;
    /**
     * Times each step of its program on these arguments for about a third of a second; `display` shows the table. On the CPU
     * these are calls, by which state that the function changes is changed. WebGPU runs programs as a whole: there the
     * function is called once, and then each step is repeated by itself.
     */
    profile(...args: {
        [K in keyof A]: CallArgument<A[K]>;
    }): Promise<Profile>;
    /**
     * What a call does on the device: dispatches, floating-point operations and bytes, step by step, and the memory that it
     * takes; `display` shows the table. Nothing is run. Without arguments it is about those of the last call.
     *
     * ```js
     * const step = compile((x) => x.matmul(x).relu())
     * const plan = await step.explain(randn([64, 64]))
     * console.log(plan.dispatches, plan.moved / (plan.read + plan.written))
     * display(plan)
     * ```
     *
     * Errors: no arguments where none were seen yet.
     */
    explain(...args: {
        [K in keyof A]: CallArgument<A[K]>;
    } | []): Promise<Plan>;
    /**
     * `profile` against what the device can do, which is measured once in a session and takes about a second; `display` shows
     * each kernel's speed below the ceilings of arithmetic and memory, on logarithmic axes, and names those that lose most time.
     * State is changed as by `profile`.
     */
    roofline(...args: {
        [K in keyof A]: CallArgument<A[K]>;
    }): Promise<Roofline>;
    /** The function that was compiled; to be called within another one. */
    readonly body: (...args: A) => R;
    /** How often it has been traced. */
    readonly traces: number;
}
/**
 * Makes a function of tensors one program. The function runs once for each signature of the arguments: the shapes and
 * types of tensors, and the values of strings and booleans. Numbers become tensors without axes and may change freely.
 * Variables, model weights, optimisers and running statistics are found anew by each call; any other tensor that the
 * function captures is a constant.
 */
export type Compile = <A extends unknown[], R>(body: (...args: A) => R, options?: CompileOptions) => Compiled<A, R>;
/** A value that outlives calls of compiled functions and is changed by them. */
export declare class Variable {
    /** The present value; within a compiled function, what the function has made of it so far. */
    get value(): Tensor;
    /** The sizes of its axes. */
    get shape(): number[];
    /** The type of its elements. */
    get dtype(): DType;
    /** Another value of the same shape and type. Within a compiled function each call assigns. */
    assign(value: Operand): void;
    toString(): string;
}
/** Makes a variable of a tensor, a number or nested arrays. */
export type MakeVariable = (value: Tensor | Nested | Values) => Variable;
export declare function makeVariable(context: Context, create: Create): MakeVariable;
export declare function compile(context: Context, create: Create): Compile;
/** A number as a tensor without axes. */
export declare function tensorOf(context: Context, value: Operand): Tensor;

// context.d.ts
import type * as Module from "../pkg/graph/gradbook.js";
import type { Lock } from "./lock.ts";
/** The classes and functions of a wasm build; all builds have these. */
export type Binding = typeof Module;
export interface Context {
    readonly wasm: Binding;
    readonly session: Module.Session;
    /** The bytes of a file that lies beside the program, such as a module that few need. */
    readonly load: Load;
    /** Locked test sets by name and length, so that a cell that runs again finds its lock as it was. */
    readonly locks: Map<string, Lock>;
    /** Whether a compiled function is being traced: then nothing has a value. */
    readonly trace: {
        active: boolean;
    };
    /** How to end each training run that is under way. */
    readonly runs: Set<() => void>;
    /** Called when a model's parameters have become other tensors. */
    parametersMoved?: () => void;
    /** Told how many steps of a training run are done, and how many there will be. */
    progressed?: (done: number, total: number) => void;
}
/** Gets a file by its path in the folder of the site or package. Errors: it could not be had. */
export type Load = (file: string) => Promise<BufferSource>;
export type TensorHandle = Module.Tensor;
export type ModelHandle = Module.Model;
export type DatasetHandle = Module.Dataset;
/** Samples that stay where they were loaded. */
export type StoredHandle = Module.Stored;
/** An error of the API itself, in the form of those that come from the module. */
export declare function argumentError(message: string): Error;
/** The seed that was given, checked, or a fresh one. */
export declare function seedOf(context: Context, seed: number | undefined): number;

// create.d.ts
import type { Context } from "./context.ts";
import type { DType, Nested, Values } from "./tensor.ts";
import { Tensor } from "./tensor.ts";
/** Options of random tensors. */
export interface RandomOptions {
    /** The same seed draws the same numbers on every device; drawn afresh if left out, in a compiled function by each call. */
    seed?: number;
}
/** Functions that make tensors. */
export interface Create {
    /** A tensor of nested arrays, or of a typed array and a shape: `tensor([[1, 2], [3, 4]])`, `tensor(pixels, [28, 28])`. */
    tensor(values: Nested | Values | Uint8ClampedArray | Float64Array, shape?: readonly number[], dtype?: DType): Tensor;
    /** Zeros of a shape. */
    zeros(shape: readonly number[]): Tensor;
    /** Ones of a shape. */
    ones(shape: readonly number[]): Tensor;
    /** The same number everywhere. */
    full(shape: readonly number[], value: number): Tensor;
    /** 0, 1, … n − 1 (i32). */
    arange(n: number): Tensor;
    /** Numbers drawn evenly from low…high. */
    rand(shape: readonly number[], options?: RandomOptions & {
        low?: number;
        high?: number;
    }): Tensor;
    /** Numbers drawn from a normal distribution. */
    randn(shape: readonly number[], options?: RandomOptions & {
        mean?: number;
        std?: number;
    }): Tensor;
    /** Tensors one after the other along an axis. */
    concat(tensors: readonly Tensor[], dim?: number): Tensor;
    /** Tensors of one shape along a new axis. */
    stack(tensors: readonly Tensor[], dim?: number): Tensor;
}
export declare function create(context: Context): Create;
/** A shape as the module takes it. */
export declare function sizes(what: string, shape: readonly number[]): Uint32Array;

// data.d.ts
import type { BuiltIn } from "./builtin.ts";
import type { Context } from "./context.ts";
import type { Create } from "./create.ts";
import { Dataset } from "./dataset.ts";
import type { NamedTensors } from "./inputs.ts";
import type { Own } from "./own.ts";
import type { Drawn } from "./scenes.ts";
import type { Nested, Values } from "./tensor.ts";
import { Tensor } from "./tensor.ts";
/** Options of a data set. */
export interface DatasetOptions {
    /** What messages call it. */
    name?: string;
    /** A name for each class. */
    classes?: readonly string[];
}
/** Where data sets come from. */
export interface DataSource extends BuiltIn, Drawn, Own {
    /**
     * Samples x [N, …] with targets y: whole numbers are class labels [N]. Tensors or arrays. Several inputs by name, for a graph of layers
     * that has them (`nn.graph`), are f32 tensors; they are packed, each sample's numbers in the order of the names, [N, D].
     */
    from(x: Tensor | Nested | Values | NamedTensors, y: Tensor | Nested | Values, options?: DatasetOptions): Dataset;
}
export declare function data(context: Context, create: Create): DataSource;

// dataset.d.ts
import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Opening } from "./lock.ts";
import type { Displayable, ImagesOptions } from "./plot.ts";
import { Tensor } from "./tensor.ts";
/** Options of batches. */
export interface BatchOptions {
    /** Samples in a batch; 32. */
    size?: number;
    /** Whether the order is random; yes. */
    shuffle?: boolean;
    /** The order follows from it and from `epoch`, as in `fit`; drawn afresh if left out. */
    seed?: number;
    /** Which epoch's order, from 0; 0. */
    epoch?: number;
    /** What becomes of samples that do not fill a batch; "keep". */
    remainder?: "keep" | "drop";
}
/** What follows from a seed. */
export interface SeedOptions {
    /** Drawn afresh if left out. */
    seed?: number;
}
/** One of the ways to hold back a part: what is learnt from, and what is scored. */
export interface Fold {
    train: Dataset;
    validation: Dataset;
}
/** Mean and standard deviation of each channel. */
export interface ChannelStats {
    mean: number[];
    std: number[];
}
/** Samples x [N, …] with one target y each. */
export declare class Dataset {
    #private;
    /** How it came from what was loaded, step by step, such as "stratified split 0.7 / 0.15 / 0.15, seed 1: part 3". */
    readonly provenance: readonly string[];
    /** What messages call it. */
    get name(): string;
    /** The number of samples. */
    get length(): number;
    /**
     * The samples [N, …]. Errors: they are too many to lie where they are computed on (more than 67 million numbers), and are streamed from
     * memory, batch by batch: `take(n)` gives fewer.
     */
    get x(): Tensor;
    /** The sizes of the samples, their number first. */
    get shape(): number[];
    /**
     * Whether the samples are streamed: too many to lie where they are computed on, they stay in memory as they were stored, and `fit`,
     * `evaluate`, `predict` and `batches` read some at a time. What follows is the same to the last bit.
     */
    get isStreamed(): boolean;
    /** The targets: class labels (i32 [N]) or numbers (f32). */
    get y(): Tensor;
    /** The class labels; the same as `y`. */
    get labels(): Tensor;
    /** The names of the classes; empty if they have none. */
    get classes(): string[];
    /** The first `n` images with their labels, as a grid. */
    images(n?: number, options?: ImagesOptions): Displayable;
    /** The first `n` samples, or those with these numbers in this order. */
    take(which: number | ArrayLike<number>): Dataset;
    /**
     * Batches of samples and targets, one epoch: `for (const [x, y] of train.batches({ size: 64 })) await step(x, y)`. The
     * samples stay where they are; a compiled function gathers them there.
     */
    batches(options?: BatchOptions): Generator<[x: Tensor, y: Tensor], void, undefined>;
    /** The same samples in random order. */
    shuffle(options?: SeedOptions): Dataset;
    /** The samples for which `keep` gives true, in the same order. It gets the label (or target) and the sample's number. */
    filter(keep: (label: number, index: number) => boolean): Promise<Dataset>;
    /**
     * What `change` makes of all samples [N, …], and of the targets if it gives both:
     * `train.map((x) => x.sub(0.5))`, `train.map((x, y) => [x, y.eq(3).cast("i32")], { classes: ["other", "cat"] })`. The number of samples
     * stays; new targets have the classes that are given here, or none with names.
     */
    map(change: (x: Tensor, y: Tensor) => Tensor | readonly [x: Tensor, y: Tensor], options?: {
        classes?: readonly string[];
    }): Dataset;
    /** These samples and then those of the others, which must have the same shape and classes. */
    concat(...others: readonly Dataset[]): Dataset;
    /**
     * Sets drawn at random. One share (0…1) gives two, the first of this size; several, which must be 1 together, give as many:
     * `const [train, validation, test] = all.split([0.7, 0.15, 0.15], { seed: 1 })`.
     */
    split(share: number, options?: SeedOptions): [Dataset, Dataset];
    split(shares: readonly number[], options?: SeedOptions): Dataset[];
    /** The same with the same shares of each class, as far as that goes. */
    stratifiedSplit(shares?: readonly number[], options?: SeedOptions): Promise<Dataset[]>;
    /** `k` ways to hold back another k-th of the samples, drawn at random. */
    kFold(k?: number, options?: SeedOptions): Fold[];
    /** The same with the same share of each class in each part. */
    stratifiedKFold(k?: number, options?: SeedOptions): Promise<Fold[]>;
    /**
     * `k` ways to hold back a part so that samples of one group are never on both sides: images of one patient, frames of one film. `groups` has a
     * value for each sample; parts are as equal as the groups allow.
     */
    groupKFold(k: number, groups: ArrayLike<number | string>, options?: SeedOptions): Promise<Fold[]>;
    /** Mean and standard deviation (of all values, not estimated) of each channel of samples [N, C, …]. */
    channelStats(): Promise<ChannelStats>;
    /** Samples [N, C, …] less the mean and divided by the deviation of their channel: those of the training set, for every set. */
    normalize({ mean, std }: ChannelStats): Dataset;
    /** How many samples each class has. */
    classCounts(): Promise<number[]>;
    /**
     * A weight for each class so that all count the same: N / (classes · count), as scikit-learn's "balanced". For
     * `losses.crossEntropy` and `fit({ loss: { kind: "crossEntropy", weight } })`. A class without samples gets 0.
     */
    classWeights(): Promise<number[]>;
    /** How many samples each class has, as a table. */
    classBalance(): Displayable;
    /**
     * The same set, to be opened once, at the end. A second `evaluate`, `predict`, `report` or epoch of `batches`, and any use in `fit`, is
     * refused unless `reopen` says why. What is taken from it counts as the set itself, and so does a set of this name and length that is
     * locked again. It reminds, and is no safe: its tensors `x` and `y` can be read, and what was not locked is not guarded. Course section 10.2.
     */
    locked(): Dataset;
    /** What has opened a locked set so far, in order; nothing of one that is not locked. */
    get openings(): readonly Opening[];
    /** Whether it was locked. */
    get isLocked(): boolean;
    /** Lets a locked set be opened once more, and says why: the use shows it as a warning, and every report after it. Gives the set. */
    reopen(reason: string): this;
    [DISPLAY](): LiveDisplay;
}

// describe.d.ts
import type { Values } from "./tensor.ts";
/** Such as `Tensor f32 [2, 2]` and the rows below. */
export declare function describe(shape: readonly number[], dtype: string, values: Values): string;

// draw-scenes.d.ts
import type { CollectionFile } from "./collections.ts";
/**
 * Draws what a request asks for, as the files of a collection: `images`, `boxes`, `labels`, `angles`, `masks`, `classes`.
 * `load` loads a built-in collection. Errors: the request makes no sense; a file does not load.
 */
export declare function drawScenes(base: URL, what: string, load: (name: string) => Promise<CollectionFile[]>): Promise<CollectionFile[]>;

// engine.d.ts
import type * as Module from "../pkg/base/gradbook.js";
import type { CollectionFile, LoadProgress } from "./collections.ts";
import type { FileStore } from "./file-store.ts";
import type { EngineBuild } from "./probe.ts";
/** A device that can be opened. */
export type DeviceName = "cpu" | "webgpu";
/** An engine on its device. */
export type Engine = Module.Engine;
/** One client of an engine. */
export type Connection = Module.Connection;
/** What a device says about itself. */
export interface DeviceInfo {
    device: DeviceName;
    /** Instruction set or adapter, and threads. */
    detail: string;
    /** Whether a GPU is really a program on the CPU. */
    software: boolean;
}
/** A GPU that was lost, and what everything goes on on. */
export interface DeviceLoss extends DeviceInfo {
    /** Why it was lost, in the browser's words. */
    reason: string;
    /** Training steps that were computed again: those since the values were last copied from the GPU. */
    repeated: number;
}
/** An engine module that is ready. */
export interface EngineModule {
    build: EngineBuild;
    /** Opens an engine; `told` hears of GPUs that are lost while it runs, once everything goes on elsewhere. */
    open(device: DeviceName, told?: (loss: DeviceLoss) => void): Promise<Engine>;
    /** Moves what an engine holds and runs to a GPU. Errors: none opens, or it has no room; then nothing has changed. */
    moveToGpu(engine: Engine): Promise<void>;
    /**
     * Opens a GPU, to which an engine goes on when a program has run for long and is faster there, which is measured; then
     * `moved` is called. Errors: none opens.
     */
    offerGpu(engine: Engine, moved?: () => void): Promise<void>;
    /** Takes the GPU away, as the system may do at any time. */
    loseGpu(): void;
}
/** Which build of the engine, and how it computes. */
export interface EngineOptions {
    /** The fastest that runs here if none is named. */
    build?: EngineBuild | undefined;
    /** Threads of the CPU device: as many as the machine has, up to 8. More than one need memory that workers share. */
    threads?: number | undefined;
    /** Replaces the file of the build. */
    bytes?: BufferSource | WebAssembly.Module | undefined;
    /** Replaces the file of the WebGPU device. */
    gpu?: BufferSource | WebAssembly.Module | undefined;
}
/** Loads a build. `base` is the folder of the site or package. Errors: it does not run here; files that do not load. */
export declare function loadEngine(base: URL, options?: EngineOptions): Promise<EngineModule>;
/** Where data sets come from, and the reader's own files. */
export interface Source {
    /** The folder of the site or package: the data sets lie in `assets/` in it. */
    base: URL;
    /** The reader's own files. */
    files: FileStore;
    /** Told how far one that is loaded has come. */
    onProgress?: ((progress: LoadProgress) => void) | undefined;
    /** Sets of the reader's own, in a page that has some: what `own.ts` asks for. */
    own?: ((what: string) => Promise<CollectionFile[]>) | undefined;
}
/** A new client of an engine. It gets what the one before it wanted kept. */
export declare function connect(engine: Engine, send: (reply: Uint8Array) => void, { base, files, onProgress, own }: Source, before?: Connection): Connection;
/** Messages in the forms that a port carries: one, or several of one turn together. */
export declare function receive(connection: Connection, message: unknown): void;

// ensemble.d.ts
import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Context } from "./context.ts";
import { Dataset } from "./dataset.ts";
import type { History } from "./history.ts";
import type { NamedTensors } from "./inputs.ts";
import type { Loss } from "./losses.ts";
import type { FitOptions, Score, TrainingRun } from "./model.ts";
import { Model } from "./model.ts";
import { Tensor } from "./tensor.ts";
/** Options of an ensemble. */
export interface EnsembleOptions {
    /** What the mean is of: what softmax makes of the members' outputs, or the outputs themselves, as for numbers; "probabilities". */
    mean?: "probabilities" | "logits";
}
/** Options of an ensemble of folds: those of `fit`, which are the same for every member, and some more. */
export interface FoldsOptions extends Omit<FitOptions, "validation" | "checkpoint" | "resume" | "plot">, EnsembleOptions {
    /** How many parts there are, and members; 5. */
    k?: number;
    /** Whether each part has the same share of each class; no. */
    stratified?: boolean;
}
/** Makes ensembles. */
export interface MakeEnsemble {
    /**
     * Models that decide together; each is trained before, or on its own:
     *
     * ```js
     * const team = ensemble([a, b, c])
     * await team.evaluate(test)
     * ```
     */
    (models: readonly Model[], options?: EnsembleOptions): Ensemble;
    /**
     * K-fold: member i learns from all parts of the data but the i-th, which it is validated on. `make` gives a new model; member i has the seed
     * `seed + i`. A stop leaves out the members that have not learnt to their end. Errors: `make` gives a model that it gave before, which would
     * be validated on what it has learnt.
     */
    kFold(make: () => Model, data: Dataset, options?: FoldsOptions): Promise<Ensemble>;
}
/** Models that decide together: a model like any other, except that its members learn one by one. */
export declare class Ensemble extends Model {
    /** The models. */
    readonly members: readonly Model[];
    private readonly mean;
    /** How each member was trained, if it was on folds; its last epoch has the score on the part that was held back. */
    readonly histories: readonly History[];
    /** How its members were trained. */
    get runs(): readonly TrainingRun[];
    /** The mean of the members' probabilities, [N, C], or of their outputs; `forward` gives the logarithm of the probabilities. */
    predict(x: Tensor | Dataset | NamedTensors, options?: {
        batchSize?: number;
    }): Promise<Tensor>;
    /** Members learn one by one, before they are put together. */
    fit(): Promise<never>;
    /** Each member by itself, and the first 1, 2, … of them together. */
    compare(data: Dataset, options?: {
        loss?: Loss;
        batchSize?: number;
    }): Promise<Comparison>;
}
/** The scores of single models beside those of ensembles; shown as a picture. */
export declare class Comparison {
    /** Each member by itself. */
    readonly members: readonly Score[];
    /** The first 1, 2, … of them together; the last one is the ensemble. */
    readonly together: readonly Score[];
    [DISPLAY](): LiveDisplay;
    toString(): string;
}
export declare function ensemble(context: Context): MakeEnsemble;

// explain.d.ts
import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Backprop } from "./backprop.ts";
import type { Context } from "./context.ts";
import type { Dataset } from "./dataset.ts";
import type { GraphPicture } from "./graph.ts";
import type { LayerStatistics, LayersOptions, Networks } from "./layers.ts";
import { Model } from "./model.ts";
import { Tensor } from "./tensor.ts";
/** Which class is explained: one for all images, one for each, or (left out) what the model says. */
export type Target = number | readonly number[] | Tensor;
/** Options of all explanations. */
export interface ExplainOptions {
    /** The class that is explained; what the model says. */
    target?: Target;
}
/** Options of Grad-CAM. */
export interface GradCamOptions extends ExplainOptions {
    /** The layer whose output is looked at, by its name in the model: 3 or "features.2"; the last convolution. */
    layer?: number | string;
}
/** Options of occlusion. */
export interface OcclusionOptions extends ExplainOptions {
    /** Rows and columns of what covers; 5. */
    window?: number;
    /** Distance between neighbouring positions; 2. */
    stride?: number;
    /** The value that covers; 0. */
    baseline?: number;
}
/** Explanations of a model's decision about images [C, H, W] or [N, C, H, W]. */
export interface Explain {
    /** The gradient of the class's score for every pixel, with its sign. */
    saliency(model: Model, x: Tensor, options?: ExplainOptions): Explanation;
    /** Where in a layer's output the evidence for the class lies: Σ of its channels, weighted by their mean gradients. */
    gradCam(model: Model, x: Tensor, options?: GradCamOptions): Explanation;
    /** How much the score falls when a window is covered. */
    occlusion(model: Model, x: Tensor, options?: OcclusionOptions): Explanation;
    /**
     * How much each pixel counts for the middle of a layer's output, by its gradient: the effective receptive field, the mean over the images.
     * The frame around it is the theoretical one (course equation 31). Of the last convolution; of several layers, `{ layer: [0, 3, 6] }`, side by
     * side, each map in its own range.
     */
    receptiveField(model: Model, x: Tensor, options?: {
        layer?: number | string | readonly (number | string)[];
    }): Explanation;
    /**
     * Back-propagation through a small computation of one number, step by step (course section 2.4): each node's value, its derivative for what
     * it is computed from, and the gradient that arrives. `table` has the same in the order of the backward pass. Tensors are called as they
     * are named here. Errors: it is no single number; more than 40 steps; a named tensor that it does not depend on.
     *
     * ```js
     * const [w, x, b] = [tensor([0.5, -1]), tensor([2, 1]), tensor(0.3)]
     * const z = w.mul(x).sum().add(b)
     * const loss = z.sigmoid().sub(1).square()
     * const steps = await explain.backprop(loss, { w, x, b, z })
     * display(steps, steps.table)
     * ```
     */
    backprop(output: Tensor, names?: Readonly<Record<string, Tensor>>): Promise<Backprop>;
    /** What a tensor is computed from, as a picture; `model.graph` is that of a network. Nothing is computed. Errors: more than 200 steps. */
    graph(output: Tensor, names?: Readonly<Record<string, Tensor>>): GraphPicture;
    /**
     * The standard deviation of what each layer with weights makes of a batch, and of the gradient that arrives at it, over depth: where both stay
     * alike, the network learns (course section 5.3). Networks as they are, in a pass as in testing: batch
     * normalisation by its running statistics, no dropout. Weights that are not drawn yet are drawn for this look only. The
     * gradients are of the loss for a data set, and for samples without targets those of the output weighted by normal numbers.
     *
     * ```js
     * const deep = (init) => nn.sequential(Array.from({ length: 10 }, () => [nn.dense({ out: 100, init }), nn.relu()]).flat())
     * await explain.variances({ he: deep('heNormal'), xavier: deep('xavierCourse'), small: deep({ kind: 'normal', std: 0.01 }) }, randn([64, 100]))
     * ```
     */
    variances(networks: Networks, batch: Tensor | Dataset, options?: LayersOptions): Promise<LayerStatistics>;
    /**
     * The norm of the gradient for the weights of each layer, over depth: it vanishes in plain networks and does not beside skips (course
     * chapter 9). As `variances` otherwise; `fit({ gradientNorms: true })` shows the same while it trains.
     *
     * ```js
     * const block = () => nn.sequential([nn.dense({ out: 64 }), nn.sigmoid()])
     * const deep = (wrap) => nn.sequential([nn.flatten(), nn.dense({ out: 64 }), ...Array.from({ length: 16 }, () => wrap(block())), nn.dense({ out: 10 })])
     * const { train } = await data.mnist()
     * await explain.gradientNorms({ skips: deep(nn.residual), plain: deep((body) => body) }, train.take(64))
     * ```
     */
    gradientNorms(networks: Networks, batch: Tensor | Dataset, options?: LayersOptions): Promise<LayerStatistics>;
}
/** A map for each image, and the images. */
export declare class Explanation {
    /** What was explained, [N, C, H, W]. */
    readonly image: Tensor;
    /** What counts, [N, H, W]. */
    readonly map: Tensor;
    private readonly label;
    private readonly signed;
    private readonly frames;
    /** One image: the map over it. Several: the maps side by side. */
    [DISPLAY](): Promise<LiveDisplay>;
}
export declare function explain(context: Context): Explain;

// feature-maps.d.ts
import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Context } from "./context.ts";
import type { Pair } from "./tensor.ts";
/** A convolution or a pooling, as far as sizes go. */
export interface WindowOptions {
    /** What it is called in the table. */
    name?: string;
    /** F, the size of the kernel or window. */
    kernel: Pair;
    /** S, the distance between neighbouring positions; 1. */
    stride?: Pair;
    /** P on each side, or what it achieves; "valid": none. "same" goes with stride 1. */
    padding?: Pair | "same" | "valid" | "full";
    /** Distance between neighbouring entries of the kernel; 1. */
    dilation?: Pair;
}
/** One window of a row. */
export interface FeatureMap {
    name: string;
    /** N before it, rows and columns. */
    input: [number, number];
    /** N behind it. */
    output: [number, number];
    /** Rows and columns of the image on which one output can depend. */
    receptiveField: [number, number];
}
/** The sizes of a row of windows; shown as a table. */
export declare class FeatureMaps {
    readonly maps: readonly FeatureMap[];
    /** The size behind the last one. */
    get output(): [number, number];
    [DISPLAY](): LiveDisplay;
    toString(): string;
}
/** `nn.featureMaps`: course equations 31 and 32. */
export declare function featureMaps({ wasm }: Context, size: Pair, windows: readonly WindowOptions[]): FeatureMaps;

// file-store.d.ts
/** A file as lists show it. */
export interface StoredFile {
    name: string;
    bytes: number;
}
/** Files by name. */
export interface FileStore {
    /** The bytes of a file; none if there is no such file. */
    get(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
    /** Writes a file, in place of one of the same name. Errors: there is no room. */
    put(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
    /** What there is, by name. */
    list(): Promise<StoredFile[]>;
    remove(name: string): Promise<void>;
}
/** The browser's storage. */
export declare function browserFiles(): FileStore;
/** Files that last as long as the program. */
export declare function inMemory(): FileStore;
/** The folder that a program was started in (Node). A file that is broken off while it is written is the one before. */
export declare function folderFiles(folder: string): FileStore;

// files.d.ts
/**
 * The bytes of a file; `onBytes` is told how many have come. Errors: it could not be had; the message names the address and what
 * came of it.
 */
export declare function fetchBytes(url: URL, onBytes?: (count: number) => void): Promise<Uint8Array<ArrayBuffer>>;
/** Unpacks gzip. Errors: it is damaged, or holds more than `most` bytes. */
export declare function gunzip(bytes: Uint8Array<ArrayBuffer>, most: number): Promise<Uint8Array<ArrayBuffer>>;
/** The browser's storage for files; none in Node, in private windows of some browsers, or without a secure context. */
export declare function storage(name: string): Promise<Cache | undefined>;
/** The SHA-256 in hexadecimal; none where the page is not in a secure context. */
export declare function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined>;

// gradbook.d.ts
import type { Augmentations } from "./augment.ts";
import type { Compile, MakeVariable } from "./compile.ts";
import type { Binding, Context, Load } from "./context.ts";
import type { Create } from "./create.ts";
import type { DataSource } from "./data.ts";
import type { MakeEnsemble } from "./ensemble.ts";
import type { Explain } from "./explain.ts";
import type { Losses } from "./losses.ts";
import type { Metrics } from "./metrics.ts";
import type { Fit } from "./model.ts";
import type { Models } from "./models.ts";
import type { Nn } from "./nn.ts";
import type { Optim } from "./optim.ts";
import type { Plot } from "./plot.ts";
import type { Scan } from "./scan.ts";
import type { MakeSweep } from "./sweep.ts";
import type { Files } from "./weights.ts";
/** Everything: tensors, layers, losses, optimisers, data sets, explanations and pictures. */
export interface Gradbook extends Create {
    /** Layers and models. */
    readonly nn: Nn;
    /** Data sets. */
    readonly data: DataSource;
    /** Trained networks. */
    readonly models: Models;
    /** Files of tensors. */
    readonly files: Files;
    /** Optimisers. */
    readonly optim: Optim;
    /** Losses. */
    readonly losses: Losses;
    /** Explanations. */
    readonly explain: Explain;
    /** Pictures. */
    readonly plot: Plot;
    /** Trains a plain function. */
    readonly fit: Fit;
    /** Makes a function one program. */
    readonly compile: Compile;
    /** A value that compiled functions change. */
    readonly variable: MakeVariable;
    /** A loop over time. */
    readonly scan: Scan;
    /** Samples changed at random. */
    readonly augment: Augmentations;
    /** The same experiment for every combination of some values. */
    readonly sweep: MakeSweep;
    /** Models that decide together. */
    readonly ensemble: MakeEnsemble;
    /** How good models are, with intervals. */
    readonly metrics: Metrics;
}
/** Sends messages to an engine. */
export type Send = (message: Uint8Array) => void;
/** An open session: `session.receive` is to be called with the replies; `stop` ends the runs under way from this side. */
export interface Opened {
    gradbook: Gradbook;
    context: Context;
    session: Context["session"];
    stop(): void;
}
/** A session whose messages go to `send`; what is needed late comes by `load`. */
export declare function openSession(wasm: Binding, send: Send, load: Load): Opened;

// graph.d.ts
import type { GraphBox, GraphEdge, LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import { Tensor } from "./tensor.ts";
/** A picture of boxes and arrows: displayed, it is drawn and can be saved as SVG; as text it is a list. */
export declare class GraphPicture {
    /** What it shows, in words. */
    readonly title: string;
    /** Each comes after those that it gets something from. */
    readonly boxes: readonly GraphBox[];
    /** By the boxes' places. */
    readonly edges: readonly GraphEdge[];
    [DISPLAY](): LiveDisplay;
    toString(): string;
}
/** A node of a computation that the reader wrote. */
export interface Step {
    tensor: Tensor;
    op: string;
    /** How it is called: the reader's name, or one of its own. */
    name: string;
    /** What it computes, in these names: `sigmoid(z)`. */
    formula: string;
    /** What it is computed from; `through` are nodes in between that only lay values out, from it on. */
    inputs: {
        step: Step | undefined;
        index: number;
        through: Tensor[];
    }[];
    /** Whether its value comes from outside. */
    isLeaf: boolean;
}

// history.d.ts
import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Measure } from "./metrics/measure.ts";
import type { Model } from "./model.ts";
import type { Curve, Displayable } from "./plot.ts";
/** One step of training. */
export interface StepPoint {
    /** Step of the run, from 1. */
    step: number;
    /** The mean loss of its batch. */
    loss: number;
    /** The share of right answers in its batch, if there are right answers. */
    accuracy?: number;
    /** The norm of each gradient, in the order of the names in `history.watched`, if they were asked for. */
    norms?: number[];
}
/** What an epoch came to. */
export interface EpochReport {
    kind?: "epoch";
    /** Epoch, from 1. */
    epoch: number;
    /** Steps done. */
    step: number;
    /** The mean training loss, measured as it went. */
    loss: number;
    /** The share of right answers, measured as it went. */
    accuracy?: number;
    /** The loss on the validation set after the epoch. */
    valLoss?: number;
    /** The share of right answers on the validation set after the epoch. */
    valAccuracy?: number;
    /** The learning rate of its last step. */
    lr: number;
    /** The seed of the run. */
    seed: number;
    /** Training steps a second. */
    stepsPerSecond?: number;
    /** The figures that `fit` was asked for by `metrics`, by name. */
    metrics?: Record<string, EpochFigure>;
}
/** A figure of an epoch, with its interval. */
export interface EpochFigure {
    /** Over the epoch, measured as it went. */
    training: Measure;
    /** On the validation set after the epoch. */
    validation?: Measure;
}
/** What a live learning rate became. */
export interface LrChange {
    /** The first step that had it, from 1. */
    step: number;
    /** The rate that the schedule went on from. */
    lr: number;
}
/** Everything is prepared, some steps were done, the rate was changed, or an epoch is over. */
export type TrainEvent = {
    kind: "begin";
    steps: number;
    seed: number;
    watched?: string[];
} | {
    kind: "steps";
    epoch: number;
    step: number;
    steps: number;
    lr: number;
    points: StepPoint[];
} | (LrChange & {
    kind: "lrChange";
}) | (EpochReport & {
    kind: "epoch";
});
/** A history as the module gives it. */
export interface HistoryData {
    points: StepPoint[];
    epochs: EpochReport[];
    stopped: boolean;
    restored?: number;
    seed: number;
    lrChanges?: LrChange[];
    watched?: string[];
}
/** What a training run came to; shown as its curve. */
export declare class History {
    /** The curve of the run. */
    readonly plot: Curve;
    /** The model that was trained. */
    readonly model: Model;
    /** Every step. */
    readonly points: readonly StepPoint[];
    /** Every epoch that came to its end. */
    readonly epochs: readonly EpochReport[];
    /** Whether it was stopped before its end. */
    readonly stopped: boolean;
    /** The epoch whose weights the model has now, if early stopping brought the best ones back. */
    readonly restored: number | undefined;
    /** The seed of the run: the same one repeats it. */
    readonly seed: number;
    /** What a live learning rate was from which step on. With these as `lrChanges` of `fit`, and the seed, the run is repeated. */
    readonly lrChanges: readonly LrChange[];
    /** Names of the weights whose gradient norms the points have. */
    readonly watched: readonly string[];
    /** The last epoch's figures. */
    get last(): EpochReport | undefined;
    /** The norm of each weight's gradient over the steps, if `fit` was asked for `gradientNorms`; `plot` has it layer by layer. */
    get gradientNorms(): Displayable;
    [DISPLAY](): LiveDisplay;
    toString(): string;
}

// host.d.ts
import type { Context } from "./context.ts";
/** The functions of the module: metrics, folds, duplicates. */
export type Host = typeof import("../pkg/host/gradbook.js");
/** The module, loaded once. */
export declare function hostModule({ load }: Pick<Context, "load">): Promise<Host>;

// idx.d.ts
/** The elements of an array. */
export type Elements = Uint8Array | Int16Array | Int32Array | Float32Array;
/** An IDX file in two parts: its header, then the elements, which the format wants big-endian. The elements' memory is reused for that. */
export declare function idxParts(dims: readonly number[], values: Elements): [header: Uint8Array<ArrayBuffer>, elements: Uint8Array<ArrayBuffer>];
/** The same as one array. */
export declare function idxBytes(dims: readonly number[], values: Elements): Uint8Array<ArrayBuffer>;
/** A text as bytes. */
export declare function idxText(text: string): Uint8Array<ArrayBuffer>;

// index.d.ts
import type { LoadProgress } from "./collections.ts";
import type { DeviceInfo, DeviceLoss, DeviceName } from "./engine.ts";
import type { FileStore } from "./file-store.ts";
import type { Gradbook } from "./gradbook.ts";
import type { EngineBuild } from "./probe.ts";
export type { Augmentations, AugmentBatch, Chance, Jitter, SamplingOptions, Transform, } from "./augment.ts";
export type { BackpropInput, BackpropStep } from "./backprop.ts";
export { Backprop } from "./backprop.ts";
export type { BuiltIn, EmojiPairs, PeopleNames, TrainTest } from "./builtin.ts";
export type { LoadProgress } from "./collections.ts";
export type { CallArgument, Compile, Compiled, CompileOptions, MakeVariable } from "./compile.ts";
export { Variable } from "./compile.ts";
export type { Create, RandomOptions } from "./create.ts";
export type { DataSource, DatasetOptions } from "./data.ts";
export type { BatchOptions, ChannelStats, Fold, SeedOptions } from "./dataset.ts";
export { Dataset } from "./dataset.ts";
export type { DeviceInfo, DeviceLoss, DeviceName } from "./engine.ts";
export type { EnsembleOptions, FoldsOptions, MakeEnsemble } from "./ensemble.ts";
export { Comparison, Ensemble } from "./ensemble.ts";
export type { Explain, ExplainOptions, GradCamOptions, OcclusionOptions, Target } from "./explain.ts";
export { Explanation } from "./explain.ts";
export type { FeatureMap, WindowOptions } from "./feature-maps.ts";
export { FeatureMaps } from "./feature-maps.ts";
export type { FileStore, StoredFile } from "./file-store.ts";
export type { Gradbook } from "./gradbook.ts";
export { GraphPicture } from "./graph.ts";
export type { EpochFigure, EpochReport, LrChange, StepPoint } from "./history.ts";
export { History } from "./history.ts";
export type { NamedTensors } from "./inputs.ts";
export type { LayerFigures, LayersOptions, Networks } from "./layers.ts";
export { LayerStatistics } from "./layers.ts";
export type { Opening } from "./lock.ts";
export type { CrossEntropyOptions, Loss, Losses, LossFunction, LossName, ReductionOption, Task, } from "./losses.ts";
export type { ClassFigures, ConfusionMatrix, PerClass } from "./metrics/confusion.ts";
export type { ClassCurve, Curves } from "./metrics/curves.ts";
export type { AverageOptions, MeasureOptions, Regression, RegressionOptions, ScoredOptions, Weights, } from "./metrics/figures.ts";
export type { Labels, Predictions, ReadingOptions } from "./metrics/judged.ts";
export type { Leakage, LeakedPair } from "./metrics/leakage.ts";
export type { Interval, Measure } from "./metrics/measure.ts";
export type { Experiment, LearningCurve, LearningCurveOptions, LearningPoint, NestedFold, NestedOptions, NestedSelection, } from "./metrics/protocol.ts";
export type { Reliability } from "./metrics/reliability.ts";
export type { Report, ReportOptions } from "./metrics/report.ts";
export type { Attribute, Slice, SliceOptions, Slices } from "./metrics/slices.ts";
export type { PairedTest } from "./metrics/tests.ts";
export type { Figure, Metrics } from "./metrics.ts";
export type { CountedName, Fit, FitOptions, ForwardOptions, LayerSummary, ModelFunction, ParameterGroup, Score, TrainingRun, } from "./model.ts";
export { Model, RangeTest, Summary } from "./model.ts";
export type { ClassifyOptions, Models, ModelsOptions } from "./models.ts";
export { Classification, Classifier } from "./models.ts";
export type { BatchNormOptions, Conv1dOptions, Conv2dOptions, ConvTranspose2dOptions, DenseOptions, DropoutOptions, GraphNode, Init, Join, LayerLike, LayerNormOptions, Nn, SeparableConv2dOptions, } from "./nn.ts";
export type { AdamOptions, LiveNumber, Optim, OptimizerOptions, PreviewOptions, RmsPropOptions, Schedule, SchedulePreview, SgdOptions, StepOptions, } from "./optim.ts";
export { Optimizer } from "./optim.ts";
export type { Own } from "./own.ts";
export type { PlanStep } from "./plan.ts";
export { Plan } from "./plan.ts";
export type { BarsOptions, CurveOptions, Displayable, ImagesOptions, Line, LinesOptions, MatrixOptions, OverlayOptions, Plot, Points, ScatterOptions, } from "./plot.ts";
export { Curve } from "./plot.ts";
export type { EngineBuild } from "./probe.ts";
export type { ProfileStep } from "./profile.ts";
export { Profile } from "./profile.ts";
export type { Ceilings } from "./roofline.ts";
export { Roofline } from "./roofline.ts";
export type { Scan, ScanOptions, Tensors } from "./scan.ts";
export type { Drawn, SceneOptions, TurnedOptions } from "./scenes.ts";
export { Scenes } from "./scenes.ts";
export type { Grid, MakeSweep, Point, SweepRow } from "./sweep.ts";
export { Sweep } from "./sweep.ts";
export type { ConvOptions, Dims, DType, Nested, Operand, Pair, PoolOptions, Values } from "./tensor.ts";
export { Tensor } from "./tensor.ts";
export type { Files, SaveOptions, TensorFile } from "./weights.ts";
export { Saved } from "./weights.ts";
/** A wasm module: its bytes, or compiled already. */
export type WasmSource = BufferSource | WebAssembly.Module;
/** Options of `createGradbook`. */
export interface GradbookOptions {
    /**
     * What computes: "cpu", "webgpu" or "auto"; "auto". Automatic begins on the CPU, and moves over to a real GPU, in the middle
     * of a run, once a program takes long and is faster there, which is measured.
     */
    device?: DeviceName | "auto";
    /** Is told when a GPU was lost, and what everything goes on on. Nothing needs to be done. */
    onDeviceLost?: (loss: DeviceLoss) => void;
    /** Which build of the engine computes: "base", "fast" or "threads"; the fastest that runs here. */
    build?: EngineBuild;
    /**
     * On how many threads the CPU computes; as many as the machine has, up to 8. More than one need a page that is
     * cross-origin isolated, and a worker that calls this; elsewhere it is one. Results do not depend on the number.
     */
    threads?: number;
    /** The folder that holds `wasm/` and `assets/`; that of this package. */
    baseUrl?: URL | string;
    /** The wasm modules, where they do not come from the folder: what builds graphs, what computes, and what drives WebGPU. */
    modules?: {
        graph?: WasmSource;
        engine?: WasmSource;
        gpu?: WasmSource;
    };
    /** Told how far a data set that is loaded has come. */
    onProgress?: (progress: LoadProgress) => void;
    /** Where files are saved to and loaded from; the browser's storage, or in Node the folder that the program was started in. */
    files?: FileStore;
    /** A port to a worker that called `serve` with the other end; then nothing is computed here. */
    port?: MessagePort;
}
/** The API, and what stands behind it. */
export interface Instance extends Gradbook {
    /** What computes now; undefined at the end of a port. */
    readonly device: DeviceInfo | undefined;
    /** What the device has done and holds: counts by name, and `liveBytes`; empty at the end of a port. */
    counters(): Record<string, number>;
    /** Ends what runs now; weights and histories are kept. */
    stop(): void;
    /** Takes the GPU away, as the system may do at any time: to see that all goes on. Nothing at the end of a port. */
    loseDevice(): void;
}
/** Opens Gradbook. */
export declare function createGradbook(options?: GradbookOptions): Promise<Instance>;
/** Answers a `createGradbook({ port })` at the other end: to be called in a worker. */
export declare function serve(port: MessagePort, options?: Omit<GradbookOptions, "port">): Promise<DeviceInfo>;

// inputs.d.ts
import { Tensor } from "./tensor.ts";
/** Inputs by name, each [N, …] with the same N. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

// layers.d.ts
import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Context, TensorHandle } from "./context.ts";
import { Dataset } from "./dataset.ts";
import type { Loss } from "./losses.ts";
import { Model } from "./model.ts";
import { Tensor } from "./tensor.ts";
/** A network, or several, each with the name of its line. */
export type Networks = Model | Readonly<Record<string, Model>>;
/** Options of looking at layers. */
export interface LayersOptions {
    /** What the gradients are of, for a data set; "crossEntropy". */
    loss?: Loss;
    /** Weights that are not drawn yet, and what arrives at the output where there is no loss, follow from it; 0. */
    seed?: number;
}
/** The layers with weights of one network, from the input on; all lists are as long. */
export interface LayerFigures {
    /** The network's name. */
    name: string;
    /** The layers' names in it. */
    layers: string[];
    /** The standard deviation of what each makes, before any activation that follows. */
    outputs: number[];
    /** The standard deviation of the gradient that arrives at that. */
    gradients: number[];
    /** The norm of the gradient for its weights and biases. */
    norms: number[];
}
/** What the layers of networks do with a batch; shown as lines over depth. */
export declare class LayerStatistics {
    /** One for each network. */
    readonly networks: readonly LayerFigures[];
    private readonly panels;
    [DISPLAY](): LiveDisplay;
    toString(): string;
}
/** One pass of a model as the module gives it. */
export interface Pass {
    output: TensorHandle;
    layers: {
        path: string;
        kind: string;
        parameters: number;
        input: TensorHandle;
        output: TensorHandle;
    }[];
}
/** `explain.variances` */
export declare function variances(context: Context, networks: Networks, batch: Tensor | Dataset, options: LayersOptions): Promise<LayerStatistics>;
/** `explain.gradientNorms` */
export declare function gradientNorms(context: Context, networks: Networks, batch: Tensor | Dataset, options: LayersOptions): Promise<LayerStatistics>;

// load-model.d.ts
export {};

// lock.d.ts
import type { Context, DatasetHandle } from "./context.ts";
/** A use of a locked set. */
export interface Opening {
    /** What used it: "evaluate", "predict", "report" … */
    by: string;
    /** Why it was opened again, for all but the first. */
    reason?: string;
}
/** Shared by all that was taken from one locked set. */
export interface Lock {
    openings: Opening[];
    /** Why the next opening is allowed, if it is not the first. */
    reason?: string;
}
/** The lock of a set: one of this name and length that was locked before has the same, so that to run a cell again is no way around it. */
export declare function lockOf(context: Context, { name, length }: DatasetHandle, known?: Lock): Lock;
/** Allows one more opening. */
export declare function reopen(lock: Lock, reason: string): void;
/**
 * Opens what is locked among these sets, each lock once: all of them or none. It counts from now on, so that of two uses at the same time one
 * is refused. Gives what takes it back, for a use that failed and told nothing.
 */
export declare function openAll(sets: readonly {
    name: string;
    lock?: Lock | undefined;
}[], by: string, isScoring: boolean): () => void;
/** "once" and by what, or how often and why. */
export declare function openingsText(openings: readonly Opening[]): string;

// losses.d.ts
import type { Context } from "./context.ts";
import { Tensor } from "./tensor.ts";
/** A function of a model's output and the targets that gives one number. */
export type LossFunction = (output: Tensor, target: Tensor) => Tensor;
/** A loss with a name. */
export type LossName = "crossEntropy" | "mse" | "l1" | "smoothL1" | "huber" | "bce" | "bceWithLogits" | "hinge" | "multiMargin" | "focal" | "dice" | "kl";
/** Options of the cross-entropy. */
export interface CrossEntropyOptions {
    /** A weight for each class. */
    weight?: readonly number[];
    /** The share of the target that is spread evenly over all classes. */
    labelSmoothing?: number;
    /** Samples of this class do not count. */
    ignoreIndex?: number;
}
/** What `fit` takes as its loss: a name, a name with options, or a function. */
export type Loss = LossName | ({
    kind: "crossEntropy";
} & CrossEntropyOptions) | {
    kind: "mse" | "l1" | "bce" | "bceWithLogits" | "hinge" | "kl";
}
/** One minus the overlap of what is said and what is true; smooth (1) keeps it defined. */
 | {
    kind: "dice";
    smooth?: number;
}
/** Squared below beta (1), absolute above. */
 | {
    kind: "smoothL1";
    beta?: number;
}
/** Squared below delta (1), absolute above. */
 | {
    kind: "huber";
    delta?: number;
}
/** The right class must lead by the margin (1). */
 | {
    kind: "multiMargin";
    margin?: number;
}
/** Easy samples are discounted by gamma (2). */
 | {
    kind: "focal";
    gamma?: number;
} | LossFunction;
/** What becomes of the losses of single samples: their mean (as libraries do), their sum (as the course does), or nothing. */
export interface ReductionOption {
    reduction?: "mean" | "sum" | "none";
}
/** One of several things that a model tells at once. */
export interface Task {
    /** How many columns of the output are its. */
    outputs: number;
    /** Its loss. For one that takes class indices, its column of the targets is read as whole numbers. */
    loss: Loss;
    /** How many columns of the targets are its; 1. */
    targets?: number;
    /** Its factor in the sum; 1. */
    weight?: number;
}
/**
 * Losses as functions of outputs and targets. Unless it is said otherwise both have the same shape, whatever it is, and the result is one number
 * without a unit, the mean over all elements (of classes: over all samples); `reduction: "sum"` gives the course's form, "none" a loss for each. Errors: shapes or types
 * that do not fit each other.
 */
export interface Losses {
    /**
     * −log softmax(logits)[target]: logits [N, C], targets are class indices (i32 [N]) or probabilities [N, C]; stable for logits of any size.
     * Course equations 10 to 13.
     */
    crossEntropy(logits: Tensor, target: Tensor, options?: CrossEntropyOptions & ReductionOption): Tensor;
    /** (output − target)². Course equation 15, which sums. */
    mse(output: Tensor, target: Tensor, options?: ReductionOption): Tensor;
    /** |output − target|. Course equation 14, which sums. */
    l1(output: Tensor, target: Tensor, options?: ReductionOption): Tensor;
    /** Half the square over `beta` (1) below `beta`, the magnitude less beta/2 above. As `torch.nn.SmoothL1Loss`. */
    smoothL1(output: Tensor, target: Tensor, options?: {
        beta?: number;
    } & ReductionOption): Tensor;
    /** Half the square below `delta` (1), delta times the magnitude less delta²/2 above. Source: Huber 1964. */
    huber(output: Tensor, target: Tensor, options?: {
        delta?: number;
    } & ReductionOption): Tensor;
    /** −t log p − (1 − t) log(1 − p) of probabilities p of yes and targets t, 0…1. Course equation 11, which sums. */
    bce(probabilities: Tensor, target: Tensor, options?: ReductionOption): Tensor;
    /** The same of logits z, p being sigmoid(z): stable for logits of any size. */
    bceWithLogits(logits: Tensor, target: Tensor, options?: ReductionOption): Tensor;
    /** max(0, 1 − target · output), targets −1 or 1. Course equation 16. */
    hinge(output: Tensor, target: Tensor, options?: ReductionOption): Tensor;
    /** Σ max(0, margin − z_y + z_j)/C over the other classes j: logits z [N, C], class indices y [N]; margin 1. As `torch.nn.MultiMarginLoss`. */
    multiMargin(output: Tensor, target: Tensor, options?: {
        margin?: number;
    } & ReductionOption): Tensor;
    /**
     * −(1 − p)^gamma · log p, p being the softmax of the right class: logits [N, C], class indices [N]; gamma 2. Without a weight of classes, as
     * in course equations 61 and 62.
     */
    focal(logits: Tensor, target: Tensor, options?: {
        gamma?: number;
    } & ReductionOption): Tensor;
    /** One minus the overlap: of logits of yes with f32 targets of their shape, of class scores [N, C, …] with indices [N, …]. */
    dice(logits: Tensor, target: Tensor, options?: {
        smooth?: number;
    }): Tensor;
    /** Σ t (log t − output) of log-probabilities and target probabilities t, both [N, C]; the mean is over all N · C. As `torch.nn.KLDivLoss`. */
    kl(logProbabilities: Tensor, target: Tensor, options?: ReductionOption): Tensor;
    /**
     * alpha · T² · KL of softened scores + (1 − alpha) · cross-entropy: a student learns from a teacher's logits [N, C]. In `fit` it is the
     * option `teacher`.
     */
    distillation(student: Tensor, teacher: Tensor, target: Tensor, options?: {
        temperature?: number;
        alpha?: number;
    }): Tensor;
    /**
     * Several things told at once, from heads side by side: the weighted sum of each task's loss on its columns of outputs [N, outputs] and
     * targets [N, targets]. To be handed to `fit` with f32 targets.
     */
    tasks(tasks: readonly Task[]): LossFunction;
}
export declare function losses(context: Context): Losses;
/** A loss as the module takes it: `{ kind }`, or a function of handles. */
export declare function lossArgument(context: Context, loss: Loss | undefined): unknown;

// metrics.d.ts
import type { Context } from "./context.ts";
import type { Dataset } from "./dataset.ts";
import type { ConfusionMatrix, PerClass } from "./metrics/confusion.ts";
import type { Curves } from "./metrics/curves.ts";
import type { AverageOptions, MeasureOptions, Regression, RegressionOptions, Weights } from "./metrics/figures.ts";
import type { Labels, Predictions } from "./metrics/judged.ts";
import type { Leakage } from "./metrics/leakage.ts";
import type { Measure } from "./metrics/measure.ts";
import type { Experiment, LearningCurve, LearningCurveOptions, NestedOptions, NestedSelection } from "./metrics/protocol.ts";
import type { Reliability } from "./metrics/reliability.ts";
import type { Attribute, SliceOptions, Slices } from "./metrics/slices.ts";
import type { PairedTest } from "./metrics/tests.ts";
import type { Model } from "./model.ts";
import type { Displayable } from "./plot.ts";
import type { Grid } from "./sweep.ts";
import type { Tensor } from "./tensor.ts";
/** A figure of predictions against what is right. */
export type Figure<O = MeasureOptions> = (predictions: Predictions, labels: Labels, options?: O) => Promise<Measure>;
/**
 * Figures of merit with 95 % intervals. Predictions are classes [N], scores or probabilities of the positive class [N], or of each class [N, C],
 * as `model.predict(set)` gives them; labels are a data set, a tensor or an array.
 */
export interface Metrics {
    /** The share of right predictions. */
    readonly accuracy: Figure;
    /** The mean of the recalls of all classes: each class counts the same. */
    readonly balancedAccuracy: Figure;
    /** Of what was taken for a class, the share that is of it. Course equation 34. */
    readonly precision: Figure<AverageOptions>;
    /** Of what is of a class, the share that was found: sensitivity, true positive rate. Course equation 35. */
    readonly recall: Figure<AverageOptions>;
    /** Of what is not of a class, the share that was not taken for it. Course equation 36. */
    readonly specificity: Figure<AverageOptions>;
    /** The harmonic mean of precision and recall. */
    readonly f1: Figure<AverageOptions>;
    /** Agreement beyond chance. */
    readonly cohenKappa: Figure<MeasureOptions & {
        weights?: Weights;
    }>;
    /** The correlation of predictions with what is right. */
    readonly matthewsCorrcoef: Figure;
    /** The mean negative logarithm of the probability of what is right. */
    readonly logLoss: Figure;
    /** The mean squared error of probabilities. */
    readonly brierScore: Figure;
    /** The share of samples whose class is among the `k` (5) with the highest scores. */
    readonly topKAccuracy: Figure<MeasureOptions & {
        k?: number;
    }>;
    /** The mean gap between how sure a model is and how often it is right, over `bins` (10): the ECE. */
    readonly calibrationError: Figure<MeasureOptions & {
        bins?: number;
    }>;
    /** The area under the ROC curve; of more than two classes the mean over each against all others. Course section 10.10. */
    readonly rocAuc: Figure<AverageOptions>;
    /** The area under the precision–recall curve; of more than two classes the mean (mAP). Course section 10.8. */
    readonly averagePrecision: Figure<AverageOptions>;
    /** What was taken for what; if the labels are a data set of images, a chosen cell shows them. Course section 10.6.1. */
    confusionMatrix(predictions: Predictions, labels: Labels, options?: MeasureOptions): Promise<ConfusionMatrix>;
    /** Precision, recall, specificity and F1 of each class. */
    perClass(predictions: Predictions, labels: Labels, options?: MeasureOptions): Promise<PerClass>;
    /** The ROC curve, with a threshold to move. Course section 10.9. */
    rocCurve(predictions: Predictions, labels: Labels, options?: MeasureOptions): Promise<Curves>;
    /** The precision–recall curve, alike. Course section 10.7. */
    prCurve(predictions: Predictions, labels: Labels, options?: MeasureOptions): Promise<Curves>;
    /** Both side by side, with one threshold. */
    thresholds(predictions: Predictions, labels: Labels, options?: MeasureOptions): Promise<Curves>;
    /** How often a model is right, by how sure it was, in `bins` (10). */
    reliability(predictions: Predictions, labels: Labels, options?: MeasureOptions & {
        bins?: number;
    }): Promise<Reliability>;
    /** Whether the first of two models is right more often than the second, on the same samples. */
    mcnemar(a: Predictions, b: Predictions, labels: Labels, options?: MeasureOptions): Promise<PairedTest>;
    /** Whether the first of two models has the larger area under the ROC curve, on the same samples. */
    delong(a: Predictions, b: Predictions, labels: Labels, options?: MeasureOptions): Promise<PairedTest>;
    /** The mistakes that a model was surest of: `n` (12) images with what they are and what they were taken for. */
    worstMistakes(predictions: Predictions, set: Dataset, options?: AverageOptions & {
        n?: number;
    }): Promise<Displayable & {
        numbers: readonly number[];
    }>;
    /** A figure for parts of the samples, by a value for each: `metrics.slices(scores, test, sizes, { name: "size" })`. */
    slices(predictions: Predictions, labels: Labels, attribute: Attribute, options?: SliceOptions): Promise<Slices>;
    /** How far predicted numbers are from what they should be: absolute, squared and root mean squared error, R². */
    regression(predictions: Tensor | ArrayLike<number>, targets: Tensor | Dataset | ArrayLike<number>, options?: RegressionOptions): Promise<Regression>;
    /** Images of one set that are in the other, the same or nearly so; shown as pairs. */
    leakage(first: Dataset, second: Dataset, options?: {
        similarity?: number;
    }): Promise<Leakage>;
    /** How accuracy grows with the number of samples: `make` gives a new model for each size. */
    learningCurve(make: () => Model, train: Dataset, validation: Dataset, options?: LearningCurveOptions): Promise<LearningCurve>;
    /**
     * What settings are worth that were chosen by cross-validation: of each outer fold the rest is cut again, the grid is tried on those inner
     * folds, and the best point is judged on the outer fold, by which nothing was chosen.
     */
    nested<G extends Grid>(data: Dataset, grid: G, experiment: Experiment<G>, options?: NestedOptions): Promise<NestedSelection<G>>;
}
export declare function metrics(context: Context): Metrics;

// metrics/bodies.d.ts
export { confusionMatrix, perClass } from "./confusion.ts";
export { curves } from "./curves.ts";
export { epochFigures } from "./epochs.ts";
export { counted, regression, scoredFigure } from "./figures.ts";
export { leakage } from "./leakage.ts";
export { groupFolds, learningCurve, nested } from "./protocol.ts";
export { reliability } from "./reliability.ts";
export { report } from "./report.ts";
export { slices, worstMistakes } from "./slices.ts";
export { delong, mcnemar } from "./tests.ts";

// metrics/confusion.d.ts
import type { BarsDisplay, ImagesDisplay, LiveDisplay, TableDisplay } from "../../display/schema.ts";
import { DISPLAY } from "../../display/schema.ts";
import type { Context } from "../context.ts";
import type { Dataset } from "../dataset.ts";
import type { Host } from "../host.ts";
import type { Displayable } from "../plot.ts";
import type { Certainty, MeasureOptions } from "./figures.ts";
import type { Judged, Labels, Predictions } from "./judged.ts";
import { Measure } from "./measure.ts";
/** Classes up to which there is a matrix to look at, and rows of a table in its place. */
export declare const MOST_CLASSES = 100;
/** In a report, which is kept as a whole only below a size (`display/mime.ts`). */
export declare const IN_REPORT = 60000;
/** How often samples of each class were taken for each class; shown as a matrix whose cells show their images. */
export declare class ConfusionMatrix {
    #private;
    /** [K][K]: true classes down, predicted ones across. */
    readonly counts: readonly (readonly number[])[];
    /** What classes are called. */
    readonly classes: readonly string[];
    /** The share on the diagonal. */
    readonly accuracy: Measure;
    private readonly samples;
    [DISPLAY](): LiveDisplay;
    toString(): string;
}
/** Figures of one class. */
export interface ClassFigures {
    name: string;
    /** How many samples it has. */
    support: number;
    precision: Measure;
    recall: Measure;
    specificity: Measure;
    f1: Measure;
}
declare const FIGURES: readonly ["precision", "recall", "specificity", "f1"];
/** Precision, recall, specificity and F1 of each class with their intervals; shown as a table. */
export declare class PerClass {
    /** In the order of their numbers. */
    readonly classes: readonly ClassFigures[];
    /** One of the figures as a bar for each class, with its interval. */
    bars(figure?: (typeof FIGURES)[number]): Displayable;
    [DISPLAY](): TableDisplay & LiveDisplay;
    toString(): string;
}
/** A bar for each measure that has a value; the others are named above. */
export declare function measureBars(title: string, measures: readonly (readonly [name: string, measure: Measure])[]): BarsDisplay;
/** "0.953 (0.946–0.959)" */
export declare function short({ value, interval, because }: Measure): string;
export declare function confusionMatrix(context: Context, predictions: Predictions, labels: Labels, options?: MeasureOptions): Promise<ConfusionMatrix>;
/** The same of what was read. */
export declare function matrixOf(host: Host, given: Judged, certainty: Certainty, bytes?: number): Promise<ConfusionMatrix>;
export declare function perClass(context: Context, predictions: Predictions, labels: Labels, options?: MeasureOptions): Promise<PerClass>;
/** The same of what was read. */
export declare function classFigures(host: Host, given: Judged, certainty: Certainty): PerClass;
/** Whether the samples can be shown as images. */
export declare function isImages({ shape }: Dataset): boolean;
/**
 * Some samples as images of bytes, made smaller where they would be more than so many, or larger than is looked at side by side; black and white
 * are the least and the greatest value of them.
 */
export declare function imagesOf(set: Dataset, numbers: readonly number[], captions?: readonly string[], bytes?: number): Promise<ImagesDisplay>;
export {};

// metrics/curves.d.ts
import type { LiveDisplay, ThresholdsDisplay } from "../../display/schema.ts";
import { DISPLAY } from "../../display/schema.ts";
import type { Context } from "../context.ts";
import type { Host } from "../host.ts";
import type { Certainty, MeasureOptions } from "./figures.ts";
import type { Judged, Labels, Predictions } from "./judged.ts";
import { Measure } from "./measure.ts";
type Panel = ThresholdsDisplay["panels"][number];
/** The curve of one class. */
export interface ClassCurve {
    /** The class that was told from all others. */
    name: string;
    /** Along the axis across: the false positive rate of a ROC curve, the recall of a precision–recall curve. */
    x: readonly number[];
    /** Along the axis up: the recall, or the precision. */
    y: readonly number[];
    /** Falling; the first of a ROC curve is infinity, and a precision–recall curve begins with a point before the first one. */
    thresholds: readonly number[];
    /** Why there is no curve. */
    because?: string;
    /** The area below: AUC, or the average precision. */
    area: Measure;
}
/** Curves over the threshold; shown with a threshold that the reader moves, and counts and figures that follow. */
export declare class Curves {
    /** ROC curves, one for each class that was told from the others; empty if they were not asked for. */
    readonly roc: readonly ClassCurve[];
    /** Precision–recall curves, alike. */
    readonly precisionRecall: readonly ClassCurve[];
    private readonly display;
    [DISPLAY](): LiveDisplay;
    toString(): string;
}
export declare function curves(context: Context, panels: readonly Panel[], predictions: Predictions, labels: Labels, options?: MeasureOptions): Promise<Curves>;
/** The same of what was read. */
export declare function curvesOf(host: Host, panels: readonly Panel[], given: Judged, certainty: Certainty): Curves;
export {};

// metrics/epochs.d.ts
import type { Context } from "../context.ts";
import type { EpochReport, Tallied } from "../history.ts";
import type { CountedName } from "../model.ts";
/** What adds figures to reports of epochs. */
export interface EpochFigures {
    /** What they are called, by name. */
    titles: [name: string, title: string][];
    /** Puts the figures in the place of the counts. */
    add(report: EpochReport & Tallied): void;
}
/** Errors: there is no such figure, or it does not follow from counts. */
export declare function epochFigures(context: Context, names: readonly CountedName[], classes: readonly string[]): Promise<EpochFigures>;

// metrics/figures.d.ts
import type { LiveDisplay } from "../../display/schema.ts";
import { DISPLAY } from "../../display/schema.ts";
import type { Context } from "../context.ts";
import { Dataset } from "../dataset.ts";
import type { Host } from "../host.ts";
import { Tensor } from "../tensor.ts";
import type { Judged, Labels, Predictions, ReadingOptions } from "./judged.ts";
import { Measure } from "./measure.ts";
/** How an interval is found, and how predictions are read. */
export interface MeasureOptions extends ReadingOptions {
    /** How often the interval should be right; 0.95. */
    level?: number;
    /** How it is found, such as "wilson", "clopperPearson", "bootstrap" or "logitDelong"; by default what holds for the sample. */
    method?: string;
    /** How often a bootstrap draws; 2000. */
    resamples?: number;
    /** What its draws follow from; 0. */
    seed?: number;
}
/** How figures of several classes become one. */
export interface AverageOptions extends MeasureOptions {
    /**
     * "binary": that of the `positive` class; "macro": the mean over classes; "micro": over all decisions; "weighted": the mean by how many
     * samples each class has. Of two classes "binary", of more "macro".
     */
    average?: "binary" | "macro" | "micro" | "weighted";
}
export declare const READING: string[];
export declare const CERTAINTY: string[];
export declare const MEASURE_OPTIONS: string[];
export declare const AVERAGE_OPTIONS: string[];
/** How sure a figure is to be told, as the module takes it. */
export type Certainty = NonNullable<Parameters<Host["classFigures"]>[2]>;
/** What is asked of the module. */
export declare function certaintyOf({ level, method, resamples, seed }: MeasureOptions): Certainty;
/** A figure that follows from the counts of the confusion matrix. */
export declare function counted(context: Context, figure: string, predictions: Predictions, labels: Labels, options?: AverageOptions & {
    weights?: Weights;
}): Promise<Measure>;
/** The same of what was read. */
export declare function countedOf(host: Host, figure: string, given: Judged, options?: AverageOptions & {
    weights?: Weights;
}): Measure;
/** How much it matters how far off a class is, for kappa. */
export type Weights = "none" | "linear" | "quadratic";
/** The confusion matrix, row by row. */
export declare function countsOf(host: Host, { truth, predicted, names }: Judged): Float64Array;
/** Figures that need to know how sure the model was of each class. */
export type Scored = "logLoss" | "brierScore" | "topKAccuracy" | "calibrationError" | "rocAuc" | "averagePrecision";
/** Options of all of these. */
export type ScoredOptions = AverageOptions & {
    k?: number;
    bins?: number;
};
/** A figure that needs to know how sure the model was of each class. */
export declare function scoredFigure(context: Context, figure: Scored, predictions: Predictions, labels: Labels, options?: ScoredOptions): Promise<Measure>;
/** The same of what was read. */
export declare function scoredOf(host: Host, figure: Scored, given: Judged, options?: ScoredOptions): Measure;
/** Calibration: of two classes by the probability of the one that is looked for, of more by that of the class that was predicted. */
export declare function calibrationOf(host: Host, given: Judged, bins: number, certainty: Certainty): ReturnType<Host["reliability"]>;
/** 1 for the samples of a class, 0 for all others. */
export declare function is(truth: Int32Array, one: number): Int32Array;
/** Options of figures of numbers. */
export type RegressionOptions = Omit<MeasureOptions, keyof ReadingOptions>;
/** Figures of predicted numbers against what they should be; shown as a table. */
export declare class Regression {
    #private;
    /** The mean distance. */
    readonly meanAbsoluteError: Measure;
    /** The mean squared distance, and its root. */
    readonly meanSquaredError: Measure;
    readonly rootMeanSquaredError: Measure;
    /** The share of the targets' variance that is explained. */
    readonly r2: Measure;
    [DISPLAY](): LiveDisplay;
    toString(): string;
}
export declare function regression(context: Context, predictions: Tensor | ArrayLike<number>, targets: Tensor | Dataset | ArrayLike<number>, options?: RegressionOptions): Promise<Regression>;

// metrics/judged.d.ts
import type { Context } from "../context.ts";
import { Dataset } from "../dataset.ts";
import { Tensor } from "../tensor.ts";
/** What was predicted: a class for each sample, [N]; a score for each, [N] or [N, 1]; or one for each class, [N, C]. */
export type Predictions = Tensor | ArrayLike<number> | readonly (readonly number[])[];
/** What is right: class labels, or a data set that has them. */
export type Labels = Tensor | Dataset | ArrayLike<number>;
/** How predictions are read. */
export interface ReadingOptions {
    /** The names of the classes; those of the data set if there is one. */
    classes?: readonly string[];
    /** The class that is looked for, by name or number, where there are two; 1. */
    positive?: string | number;
    /**
     * Of two classes: from which score on class 1 is predicted, of one score for each sample, 0.5 of a probability, 0 of any other score; or from
     * which probability on the `positive` class is predicted, of one for each class.
     */
    threshold?: number;
}
/** Predictions and what is right, sample by sample. */
export interface Judged {
    n: number;
    truth: Int32Array;
    predicted: Int32Array;
    /** One for each class, [N, C], row by row; nothing if classes were given. */
    probabilities: Float32Array | undefined;
    /**
     * What puts samples in order, [N, C]: probabilities, or where these were made of other scores their log-odds. A probability is rounded to
     * 1 where the score of a class is much above the others, and samples that differ would be equal.
     */
    ranks: Float32Array | Float64Array | undefined;
    /** Whether these are log-odds. */
    areLogOdds: boolean;
    /** What classes are called; as many as there are. */
    names: string[];
    /** The class that is looked for, of two. */
    positive: number;
    /** The samples, if labels came with them. */
    samples: Dataset | undefined;
}
/** Reads and checks them. Scores that are no probabilities go through softmax, or the sigmoid if there is one a sample. */
export declare function judged(context: Context, what: string, predictions: Predictions, labels: Labels, options?: ReadingOptions): Promise<Judged>;
/** The number of a class that is given by name or number. */
export declare function classOf(what: string, one: string | number, names: readonly string[]): number;
/** Class labels. */
export declare function labelsOf(what: string, labels: Labels): Promise<Int32Array>;
/** The probabilities of one class, or what puts its samples in order. */
export declare function column({ names, n }: Judged, what: string, one: number, given: Judged["ranks"]): Float64Array;
/** Errors: classes were given, where how sure the model was is needed. */
export declare function scored<T extends Float32Array | Float64Array>(what: string, scores: T | undefined): T;

// metrics/leakage.d.ts
import type { LiveDisplay } from "../../display/schema.ts";
import { DISPLAY } from "../../display/schema.ts";
import type { Context } from "../context.ts";
import { Dataset } from "../dataset.ts";
/** Two samples that are alike. */
export interface LeakedPair {
    /** Their numbers in the first and in the second set. */
    first: number;
    second: number;
    /** The correlation of the two, made small: 1 of the same image. */
    similarity: number;
    /** Whether they are the same in every pixel. */
    equal: boolean;
}
/** Samples of one set that are in another; shown as pairs of pictures. */
export declare class Leakage {
    /** The most similar first; at most a hundred. */
    readonly pairs: readonly LeakedPair[];
    /** How many pairs there are. */
    readonly found: number;
    /** How many of them are the same in every pixel. */
    readonly equal: number;
    /** How many samples of the second set have a twin in the first. */
    readonly images: number;
    /** From which similarity on two images count as alike. */
    readonly similarity: number;
    private readonly first;
    private readonly second;
    /** In a sentence. */
    toString(): string;
    [DISPLAY](): Promise<LiveDisplay>;
}
export declare function leakage(context: Context, first: Dataset, second: Dataset, options?: {
    similarity?: number;
}): Promise<Leakage>;

// metrics/measure.d.ts
import type { LiveDisplay } from "../../display/schema.ts";
import { DISPLAY } from "../../display/schema.ts";
/** What is measured. */
export interface Metric {
    /** scikit-learn's name, in camelCase. */
    name: string;
    /** What people call it. */
    title: string;
    direction: "higher" | "lower";
    unit: "share" | "agreement" | "nats" | "target" | "targetSquared";
}
/** Where the true figure lies: so in a share `level` of all samples that could have been drawn. */
export interface Interval {
    low: number;
    high: number;
    level: number;
    /** How it was found, such as "wilson", and what people call that. */
    method: string;
    methodName: string;
    /** What to bear in mind, such as why another method was passed over. */
    note: string | null;
}
/** A figure of merit with its uncertainty; shown as "0.953 (95 %: 0.946–0.959, Wilson, n = 4,000)". In a formula it counts as its value. */
export declare class Measure {
    /** scikit-learn's name, in camelCase, such as "balancedAccuracy". */
    readonly name: string;
    /** What people call it. */
    readonly title: string;
    /** Which way is better. */
    readonly direction: "higher" | "lower";
    /** What it counts: a "share" of 1, an "agreement" from −1 to 1, "nats", or the "target" of a regression. */
    readonly unit: Metric["unit"];
    /** The figure; undefined if there is none. */
    readonly value: number | undefined;
    /** Why there is no figure; with a value, why it is a convention only. */
    readonly because: string | undefined;
    /** Where the true figure lies; undefined if that cannot be said. */
    readonly interval: Interval | undefined;
    /** How many samples it counts: of a recall, those of its class. */
    readonly n: number;
    /** The value. Errors: it is undefined. */
    valueOf(): number;
    /** "Accuracy 0.953 (95 %: 0.946–0.959, Wilson, n = 4,000)" */
    get sentence(): string;
    /** How the interval was found, in words; empty without one. */
    get method(): string;
    toString(): string;
    [DISPLAY](): LiveDisplay;
}
/** Its ends: a dash would look like a minus before what is below 0. */
export declare function rangeText({ low, high }: Pick<Interval, "low" | "high">): string;
/** A level in percent. */
export declare function percent(level: number): number;
/** Three decimals, or three digits of what is small. */
export declare function digits(value: number): string;
/** A row of a table of measures: the title, the figure, the ends of its interval, and what there is to say. */
export declare function rowOf(label: string, measure: Measure): [string, string, string, string, string, number];
/** What stands above such rows. */
export declare function rowColumns(measures: readonly Measure[]): string[];
/** "95 %", which all of them share. */
export declare function levelText(measures: readonly Pick<Measure, "interval">[]): string;
/** What is to be borne in mind of their intervals, such as why another method was passed over; empty without any. */
export declare function remarksText(measures: readonly Pick<Measure, "interval">[]): string;
/** "95 %: Wilson, Clopper–Pearson": how their intervals were found; empty without any. */
export declare function methodsText(measures: readonly Pick<Measure, "interval">[]): string;

// metrics/protocol.d.ts
import type { CurveDisplay, LiveDisplay } from "../../display/schema.ts";
import { DISPLAY } from "../../display/schema.ts";
import type { Context } from "../context.ts";
import { Dataset } from "../dataset.ts";
import type { FitOptions } from "../model.ts";
import { Model } from "../model.ts";
import type { Grid, Point } from "../sweep.ts";
import { type Sweep } from "../sweep.ts";
import { Measure } from "./measure.ts";
/** Options of a learning curve: those of `fit`, which are the same for every size, and more. */
export interface LearningCurveOptions extends Omit<FitOptions, "validation" | "checkpoint" | "resume" | "plot"> {
    /** How many samples to learn from; by default eight sizes, doubled each time, up to all. */
    sizes?: readonly number[];
    /** Told after each size. */
    onSize?: (point: LearningPoint) => void;
}
/** What came of learning from so many samples. */
export interface LearningPoint {
    size: number;
    /** On what was learnt from. */
    training: Measure;
    /** On samples that were not. */
    validation: Measure;
}
/** Accuracy by the number of samples that were learnt from; shown as a curve with intervals. */
export declare class LearningCurve {
    /** From few samples to many. */
    readonly points: readonly LearningPoint[];
    [DISPLAY](): CurveDisplay & LiveDisplay;
    toString(): string;
}
export declare function learningCurve(context: Context, make: () => Model, train: Dataset, validation: Dataset, options?: LearningCurveOptions): Promise<LearningCurve>;
/** The fold of each sample, so that a group is in one. */
export declare function groupFolds(context: Context, groups: Int32Array, k: number, seed: number): Promise<Uint32Array>;
/** Options of nested selection. */
export interface NestedOptions {
    /** Folds that the chosen settings are judged on, each once; 5. */
    outer?: number;
    /** Folds of the rest that settings are chosen by; 3. */
    inner?: number;
    /** Which of the numbers that the experiment gives is looked at; the first. */
    score?: string;
    /** Whether it is to be large or small; "max". */
    direction?: "min" | "max";
    /** Folds follow from it. */
    seed?: number;
}
/** What came of one outer fold. */
export interface NestedFold<G extends Grid = Grid> {
    /** The settings that were best on the inner folds. */
    chosen: Point<G>;
    /** The mean of their inner scores: what chooses is too hopeful. */
    inner: number;
    /** Their score on the outer fold, which nothing was chosen by. */
    outer: number;
    /** What all settings scored on the inner folds. */
    sweep: Sweep<G>;
}
/** What settings chosen by cross-validation are worth; shown as a table. */
export declare class NestedSelection<G extends Grid = Grid> {
    readonly folds: readonly NestedFold<G>[];
    /** The mean over the outer folds, with an interval by Student's t. */
    readonly score: Measure;
    [DISPLAY](): LiveDisplay;
    toString(): string;
}
/** Judges settings on a fold: trains on one set, scores on the other. */
export type Experiment<G extends Grid> = (point: Point<G>, fold: {
    train: Dataset;
    validation: Dataset;
}) => Promise<number | Measure | Record<string, number>>;
export declare function nested<G extends Grid>(context: Context, data: Dataset, grid: G, experiment: Experiment<G>, options?: NestedOptions): Promise<NestedSelection<G>>;

// metrics/reliability.d.ts
import type { LiveDisplay, ReliabilityDisplay } from "../../display/schema.ts";
import { DISPLAY } from "../../display/schema.ts";
import type { Context } from "../context.ts";
import type { Host } from "../host.ts";
import type { Certainty, MeasureOptions } from "./figures.ts";
import type { Judged, Labels, Predictions } from "./judged.ts";
import { Measure } from "./measure.ts";
/** Calibration; shown as a reliability diagram. */
export declare class Reliability {
    #private;
    /** The class whose probability it is about, of two; of more it is the one that was predicted. */
    readonly positive?: string | undefined;
    /** The expected calibration error: the mean gap between how sure and how right. */
    readonly error: Measure;
    /** The largest gap of a bin. */
    readonly largest: Measure;
    /** The bins with samples, from unsure to sure. */
    readonly bins: ReliabilityDisplay["bins"];
    [DISPLAY](): ReliabilityDisplay & LiveDisplay;
    toString(): string;
}
export declare function reliability(context: Context, predictions: Predictions, labels: Labels, options?: MeasureOptions & {
    bins?: number;
}): Promise<Reliability>;
/** The same of what was read. */
export declare function reliabilityOf(host: Host, given: Judged, bins: number, certainty: Certainty): Reliability;

// metrics/report.d.ts
import type { LiveDisplay, ReportDisplay } from "../../display/schema.ts";
import { DISPLAY } from "../../display/schema.ts";
import type { Context } from "../context.ts";
import { Dataset } from "../dataset.ts";
import { History } from "../history.ts";
import type { Model } from "../model.ts";
import type { Tensor } from "../tensor.ts";
import type { ConfusionMatrix, PerClass } from "./confusion.ts";
import type { Curves } from "./curves.ts";
import type { MeasureOptions } from "./figures.ts";
import { Measure } from "./measure.ts";
import type { Reliability } from "./reliability.ts";
import type { Attribute } from "./slices.ts";
/** Options of a report. */
export interface ReportOptions extends MeasureOptions {
    /** What stands above it. */
    title?: string;
    /** What was learnt from: it is scored, too, and looked through for images of the test set. */
    train?: Dataset;
    /** The run that trained the model: its curve is shown. */
    history?: History;
    /** Sets from elsewhere, by name: each is scored once. Course section 10.4. */
    external?: Readonly<Record<string, Dataset>>;
    /** Attributes of the samples by name, a value each: the accuracy of each part is shown. */
    slices?: Readonly<Record<string, Attribute>>;
    /** Bins of the reliability diagram; 10. */
    bins?: number;
    /** Mistakes that are shown; 12. */
    mistakes?: number;
    /** What else the reader of the report should know. */
    note?: string;
    batchSize?: number;
}
/** How good a model is on a data set; shown as a report with tables, curves and pictures. */
export declare class Report {
    /** The figures by name, such as `accuracy` and `rocAuc`. */
    readonly measures: Readonly<Record<string, Measure>>;
    readonly perClass: PerClass;
    readonly confusionMatrix: ConfusionMatrix;
    readonly curves: Curves;
    readonly reliability: Reliability;
    /** What the model made of each sample. */
    readonly predictions: Tensor;
    private readonly display;
    [DISPLAY](): ReportDisplay & LiveDisplay;
    toString(): string;
}
export declare function report(context: Context, model: Model, set: Dataset, options?: ReportOptions): Promise<Report>;

// metrics/slices.d.ts
import type { BarsDisplay, ImagesDisplay, LiveDisplay } from "../../display/schema.ts";
import { DISPLAY } from "../../display/schema.ts";
import type { Context } from "../context.ts";
import type { Dataset } from "../dataset.ts";
import type { Host } from "../host.ts";
import type { Displayable } from "../plot.ts";
import { Tensor } from "../tensor.ts";
import type { AverageOptions } from "./figures.ts";
import type { Judged, Labels, Predictions } from "./judged.ts";
import type { Measure } from "./measure.ts";
/** A value for each sample. */
export type Attribute = readonly (string | number | boolean)[] | ArrayLike<number> | Tensor;
/** A part of the samples, and its figure. */
export interface Slice {
    name: string;
    n: number;
    measure: Measure;
}
/** A figure by the values of an attribute; shown as bars with intervals. */
export declare class Slices {
    /** What they differ in. */
    readonly attribute: string;
    readonly slices: readonly Slice[];
    /** That of all samples. */
    readonly all: Measure;
    [DISPLAY](): BarsDisplay & LiveDisplay;
    toString(): string;
}
/** Options of slices. */
export interface SliceOptions extends AverageOptions {
    /** The figure, such as "accuracy", "recall" or "logLoss"; "accuracy". */
    figure?: string;
    /** What the samples differ in. */
    name?: string;
}
export declare function slices(context: Context, predictions: Predictions, labels: Labels, attribute: Attribute, options?: SliceOptions): Promise<Slices>;
/** The same of what was read. */
export declare function slicesOf(host: Host, given: Judged, values: readonly (string | number | boolean)[], options: SliceOptions): Slices;
export declare function worstMistakes(context: Context, predictions: Predictions, set: Dataset, options?: AverageOptions & {
    n?: number;
}): Promise<Displayable & {
    numbers: readonly number[];
}>;
/** The samples that were taken for another class, those first of which the model was surest. */
export declare function worst(given: Judged, n: number): number[];
/** Their images with what they are, what they were taken for, and how sure the model was; nothing without images. */
export declare function mistakeImages(given: Judged, numbers: readonly number[], bytes?: number): Promise<ImagesDisplay | undefined>;
export declare function mistakesText(given: Judged, numbers: readonly number[]): string;

// metrics/tests.d.ts
import type { LiveDisplay } from "../../display/schema.ts";
import { DISPLAY } from "../../display/schema.ts";
import type { Context } from "../context.ts";
import type { MeasureOptions } from "./figures.ts";
import type { Labels, Predictions } from "./judged.ts";
import type { Interval } from "./measure.ts";
/** What a paired test says; shown in a sentence. */
export declare class PairedTest {
    /** "McNemar" or "DeLong". */
    readonly method: string;
    /** What is compared: "accuracy" or "AUC". */
    readonly figure: string;
    /** The first less the second. */
    readonly difference: number | undefined;
    readonly interval: Interval | undefined;
    /** How often a difference as large comes about by chance, if there is none. */
    readonly pValue: number | undefined;
    /** How many samples. */
    readonly n: number;
    /** Why there is no result; else what it came from. */
    readonly note: string;
    toString(): string;
    [DISPLAY](): LiveDisplay;
}
export declare function mcnemar(context: Context, a: Predictions, b: Predictions, labels: Labels, options?: MeasureOptions): Promise<PairedTest>;
export declare function delong(context: Context, a: Predictions, b: Predictions, labels: Labels, options?: MeasureOptions): Promise<PairedTest>;

// model.d.ts
import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Transform } from "./augment.ts";
import { Variable } from "./compile.ts";
import type { Context } from "./context.ts";
import { Dataset } from "./dataset.ts";
import type { GraphPicture } from "./graph.ts";
import type { EpochReport, LrChange } from "./history.ts";
import { History } from "./history.ts";
import type { NamedTensors } from "./inputs.ts";
import type { Loss } from "./losses.ts";
import type { Report, ReportOptions } from "./metrics/report.ts";
import type { Schedule } from "./optim.ts";
import { Optimizer } from "./optim.ts";
import { Curve } from "./plot.ts";
import { Tensor } from "./tensor.ts";
import type { Saved, SaveOptions } from "./weights.ts";
/** Figures that follow from how often samples of each class were taken for each other. */
export type CountedName = "accuracy" | "balancedAccuracy" | "precision" | "recall" | "specificity" | "f1" | "cohenKappa" | "matthewsCorrcoef";
/** A model as a function of its input and its parameters. */
export type ModelFunction<P extends Record<string, Tensor>> = (x: Tensor, params: P) => Tensor;
/** Options of training. */
export interface FitOptions {
    /** How often every sample is seen; 1. */
    epochs?: number;
    /** Samples in a step; 32. */
    batchSize?: number;
    /** How parameters follow their gradients; `optim.adam()`. */
    optimizer?: Optimizer;
    /** What becomes small; "crossEntropy". */
    loss?: Loss;
    /** Samples that are scored after every epoch. */
    validation?: Dataset;
    /** Weights that are not drawn yet, the order of samples and dropout all follow from it; drawn afresh and shown if left out. */
    seed?: number;
    /** A curve that shows the run while it goes on; `history` has one anyway. */
    plot?: Curve;
    /** How the learning rate changes; not at all. */
    schedule?: Schedule;
    /** Changes of the learning rate, as `history.lrChanges` of a run with a live one has them: the same again. */
    lrChanges?: readonly LrChange[];
    /** What the schedule counts; "epoch". */
    scheduleUnit?: "epoch" | "step";
    /** Whether each epoch has a random order; yes. */
    shuffle?: boolean;
    /** What becomes of samples that do not fill a batch; "keep". */
    remainder?: "keep" | "drop";
    /** The largest common norm of all gradients: longer ones are made that long. Course equation 24. */
    clipNorm?: number;
    /** The largest magnitude of an entry of a gradient. */
    clipValue?: number;
    /** The largest norm of a unit's gradient, as a share of that of its weights. Course section 3.6; Brock et al. 2021. */
    clipAdaptive?: number;
    /** Pull of the weights towards 0, in place of the optimiser's own. */
    weightDecay?: number;
    /** Factor of the sum of magnitudes of all parameters, added to what becomes small. Course equation 28. */
    l1?: number;
    /** Factor of the sum of squares of all parameters, added to what becomes small: half of a weight decay. Course equation 29. */
    l2?: number;
    /** Options for some of the parameters: what is frozen, rates, decay, penalties. Later groups overrule. */
    groups?: readonly ParameterGroup[];
    /** How each batch is changed before the model sees it, such as `[augment.horizontalFlip(), augment.randomCrop({ padding: 4 })]`. */
    augment?: readonly Transform[];
    /** Decay of a moving average of the weights, such as 0.999: it is what is validated, and what the model has at the end. */
    ema?: number;
    /** Whether every step tells the norm of each weight's gradient: the run's curve shows them layer by layer, `history.gradientNorms` weight by weight. */
    gradientNorms?: boolean;
    /**
     * Figures that each epoch tells, on training and validation samples, such as `["balancedAccuracy", "f1"]`: those that follow from the counts
     * of a confusion matrix, averaged over classes. They are counted where training runs; the run's curve shows them.
     */
    metrics?: readonly CountedName[];
    /** A trained model to learn from, besides the labels; `alpha` (0.9) is its share, `temperature` (4) makes small scores count. */
    teacher?: {
        model: Model;
        temperature?: number;
        alpha?: number;
    };
    /**
     * Stop when the validation loss (the training loss without a validation set) no longer falls for `patience` (3) epochs, or, with
     * `minChange`, once it changes by no more than that from one epoch to the next.
     */
    earlyStopping?: {
        patience?: number;
        minDelta?: number;
        minChange?: number;
        restoreBest?: boolean;
    };
    /** After every epoch the run is written to this file, such as "run.safetensors": weights, optimiser, step, seed and history. */
    checkpoint?: string;
    /** Whether it goes on from that file, if there is one: the curve is the same as without the break. No. */
    resume?: boolean;
    /** Called after every epoch; to give false stops the run. */
    onEpoch?: (report: EpochReport) => unknown;
}
/** Options for the parameters whose names fit. */
export interface ParameterGroup {
    /** Names such as "head.weight", in which * stands for anything. */
    params: string;
    /** They stay as they are. */
    frozen?: boolean;
    /** Factor of the learning rate; 1. */
    lrScale?: number;
    /** Pull towards 0, in place of the optimiser's. */
    weightDecay?: number;
    /** Factor of the sum of magnitudes. */
    l1?: number;
    /** Factor of the sum of squares. */
    l2?: number;
}
/** Which learning rate to begin with; shown as the loss over the rate. */
export declare class RangeTest {
    /** The learning rate of each step. */
    readonly lrs: readonly number[];
    /** The loss of each step, smoothed. */
    readonly losses: readonly number[];
    /** Where the loss falls fastest: a rate to begin with. */
    readonly suggestion: number | undefined;
    [DISPLAY](): LiveDisplay;
}
/** Options of a forward pass. */
export interface ForwardOptions {
    /** Whether dropout and the like are on, and running statistics move; no. */
    training?: boolean;
}
/** How a model was trained, once. */
export interface TrainingRun {
    /** What it learnt from. */
    train: Pick<Dataset, "name" | "length" | "provenance">;
    epochs: number;
    batchSize: number;
    /** The kind of the optimiser. */
    optimizer: string;
    seed: number;
}
/** How well a model does. */
export interface Score {
    /** The mean loss. */
    loss: number;
    /** The share of right answers, if there are right answers. */
    accuracy?: number;
}
/** A function with parameters: a layer or a whole network. */
export declare class Model {
    #private;
    /** What it is, in one word. */
    get kind(): string;
    /** What it makes of x, or of inputs by name if it has several (`nn.graph`), as part of a larger computation. */
    forward(x: Tensor | NamedTensors, options?: ForwardOptions): Tensor;
    /** How it was trained, run by run, in this session. */
    get runs(): readonly TrainingRun[];
    /**
     * How good it is on a data set, in one call: every figure with its interval, class by class, the confusion matrix, curves over the threshold,
     * reliability, the worst mistakes; what was measured on what, with which seeds, and how often a locked set was opened.
     */
    report(set: Dataset, options?: ReportOptions): Promise<Report>;
    /** What it learns, for optimisers; none before the first call, as layers learn their sizes from their inputs. */
    get weights(): Variable[];
    /** The parameters by name; none before the first call, as layers learn their sizes from their inputs. */
    get parameters(): Record<string, Tensor>;
    /** Draws the parameters now, for an input shape with the batch axis; returns the output shape. */
    build(input: readonly number[], options?: {
        seed?: number;
    }): number[];
    /**
     * Trains it on a data set. The promise settles when the run is over or stopped; weights and history are kept either
     * way. Everything runs where the compute worker is: the page and this worker stay free.
     */
    fit(train: Dataset, options?: FitOptions): Promise<History>;
    /**
     * Tries learning rates: trains for `steps` (100) steps while the rate grows from `from` (1e-6) to `to` (1), or until the loss explodes, and
     * puts the weights back.
     */
    lrRangeTest(train: Dataset, options?: Omit<FitOptions, "epochs" | "validation" | "schedule" | "lrChanges" | "scheduleUnit" | "earlyStopping" | "ema" | "checkpoint" | "resume" | "onEpoch" | "plot" | "metrics"> & {
        from?: number;
        to?: number;
        steps?: number;
    }): Promise<RangeTest>;
    /** Running statistics of batch normalisation from all batches of a data set, with the weights as they are. */
    recomputeStatistics(data: Dataset, options?: {
        batchSize?: number;
    }): Promise<void>;
    /** Its loss and accuracy on a data set. */
    evaluate(data: Dataset, options?: {
        loss?: Loss;
        batchSize?: number;
    }): Promise<Score>;
    /** What it makes of every sample, a batch at a time: [N, …] to [N, …]; of inputs by name if it has several. */
    predict(x: Tensor | Dataset | NamedTensors, options?: {
        batchSize?: number;
    }): Promise<Tensor>;
    /**
     * Writes the parameters as a file, such as "net.safetensors" (or "net.npz", for NumPy), which the page lists under Files. They are
     * called as in `parameters`. Of layers and rows of them, the file of safetensors also says how the network is built (`nn.load`).
     */
    save(name: string, options?: SaveOptions): Promise<Saved>;
    /** Takes the parameters from a file: every one by its name, none left over. Errors: they do not fit; then nothing has changed. */
    load(name: string): Promise<this>;
    /**
     * Its layers, with shapes and numbers of parameters, for an input shape with the batch axis such as [1, 1, 28, 28]; a network whose inputs
     * have names (`nn.graph`) knows their shapes.
     */
    summary(input?: readonly number[]): Summary;
    /**
     * A picture of its layers with output shapes and parameters, skips and branches, for an input shape with the batch axis:
     * `nn.resnet().graph([1, 3, 32, 32])`. Where inputs have names, their shapes are known. Weights are not drawn by it.
     */
    graph(input?: readonly number[]): GraphPicture;
    [DISPLAY](): LiveDisplay;
}
/** One layer of a summary. */
export interface LayerSummary {
    /** Its name in the model. */
    path: string;
    kind: string;
    input: number[];
    output: number[];
    /** How many numbers it learns. */
    parameters: number;
    /** Products that it adds up in matrix products and convolutions: about half of its floating-point operations. */
    multiplyAdds: number;
    /** Rows and columns of the input that one of its outputs can depend on, where that can be said (course equation 31). */
    receptiveField?: number[];
    /** How far the fields of neighbouring outputs are apart in the input, down and across; 0 where each sees all. */
    fieldStride?: number[];
    /** In which row and column of the input the field of the first output begins; below 0 in the padding. */
    fieldStart?: number[];
}
/** The layers of a model, as a table. */
export declare class Summary {
    /** The layers, innermost first. */
    readonly layers: readonly LayerSummary[];
    /** How many numbers are learnt, each counted once. */
    readonly parameters: number;
    /** Products that the pass adds up in matrix products and convolutions. */
    readonly multiplyAdds: number;
    [DISPLAY](): LiveDisplay;
    toString(): string;
}
/** A plain function as a model: trains it and gives the history, whose `model` has the trained parameters. */
export type Fit = <P extends Record<string, Tensor>>(forward: ModelFunction<P>, train: Dataset, options?: FitOptions & {
    params?: P;
}) => Promise<History>;
export declare function fit(context: Context): Fit;

// models.d.ts
import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Context } from "./context.ts";
import { Model } from "./model.ts";
import { Tensor } from "./tensor.ts";
/** Options of loading a network. */
export interface ModelsOptions {
    /** Whether the trained weights are put in; yes. Without them they are drawn at the first call. */
    pretrained?: boolean;
}
/** Options of classifying. */
export interface ClassifyOptions {
    /** How many classes are told; 5. */
    top?: number;
}
/** The networks. Weights are loaded on first use, checked, and kept in the browser's storage. */
export interface Models {
    /** SqueezeNet 1.1: 1.2 million weights, 2.3 MB. */
    squeezenet(options?: ModelsOptions): Promise<Classifier>;
    /** EfficientNet-Lite0: 4.6 million weights, 4.4 MB; the better of the two. */
    efficientnetLite0(options?: ModelsOptions): Promise<Classifier>;
}
export declare function models(context: Context): Models;
/** Their names. */
export type Kind = "squeezenet" | "efficientnetLite0";
/** A network that tells what an image shows. */
export declare class Classifier extends Model {
    /** Which network it is. */
    readonly network: Kind;
    /** The names of its classes, in the order of its scores. */
    readonly classes: readonly string[];
    /** Images [N, 3, H, W] or one [3, H, W], values 0…1, as the network expects them: the square in their middle, at its size. */
    preprocess(images: Tensor): Tensor;
    /**
     * The network without its last layer, for a head of your own: `nn.sequential([net.features(), nn.dense({ out: 3 })])`. It makes images
     * [N, 3, H, W] to features [N, 512] (SqueezeNet) or [N, 1280] (EfficientNet-Lite0); its weights begin as those of this network.
     */
    features(): Model;
    /** What the network takes an image for, [3, H, W] or [1, 3, H, W], values 0…1: the most probable classes. */
    classify(image: Tensor, options?: ClassifyOptions): Promise<Classification>;
}
/** A class that an image may show. */
export interface Guess {
    /** Its number. */
    index: number;
    /** Its name. */
    label: string;
    /** How probable the network takes it to be. */
    probability: number;
}
/** What a network takes an image for, as a table. */
export declare class Classification {
    /** The most probable first. */
    readonly top: readonly Guess[];
    toString(): string;
    [DISPLAY](): LiveDisplay;
}

// nn.d.ts
import type { Context } from "./context.ts";
import type { FeatureMaps, WindowOptions } from "./feature-maps.ts";
import type { ModelFunction } from "./model.ts";
import { Model } from "./model.ts";
import type { ConvOptions, Pair, PoolOptions, Tensor } from "./tensor.ts";
/**
 * How weights start; biases start at 0. Standard deviations, n being the inputs of a unit: "xavierCourse" √(1/n) (course equation 26),
 * "xavierNormal" and "xavierUniform" √(2/(inputs + outputs)) (Glorot and Bengio 2010), "heNormal" and "heUniform" √(2/n) (equation 27).
 */
export type Init = "heNormal" | "heUniform" | "xavierNormal" | "xavierUniform" | "xavierCourse" | "orthogonal" | "truncNormal" | "zeros"
/** Normal with this standard deviation, whatever the layer's size: too small or too large, to see what comes of it. */
 | {
    kind: "normal";
    std: number;
};
/** Options of a dense layer. */
export interface DenseOptions {
    /** Output features. */
    out: number;
    /** Whether a bias is added; yes. */
    bias?: boolean;
    /** How the weight starts; "heNormal". */
    init?: Init;
}
/** Options of a convolution layer. */
export interface Conv2dOptions extends ConvOptions {
    /** Output channels. */
    out: number;
    /** Kernel size. */
    kernel: Pair;
    /** What is added around the image; "zeros". */
    paddingMode?: "zeros" | "replicate" | "reflect" | "circular" | "mean";
    /** Whether a bias is added; yes. */
    bias?: boolean;
    /** How the weight starts; "heNormal". */
    init?: Init;
    /** Whether each output channel's weights are brought to mean 0 and variance 1 before they are used; no. */
    standardise?: boolean;
}
/** Options of a convolution of signals. */
export interface Conv1dOptions {
    /** Output channels. */
    out: number;
    /** Kernel size. */
    kernel: number;
    /** Distance between neighbouring outputs; 1. */
    stride?: number;
    /** Zeros at both ends: a number, or by what it achieves; none. */
    padding?: number | "same" | "valid" | "full";
    /** What is added at both ends; "zeros". */
    paddingMode?: Conv2dOptions["paddingMode"];
    /** Distance between neighbouring kernel entries; 1. */
    dilation?: number;
    /** Channels are split into so many groups that do not see each other; 1. */
    groups?: number;
    /** Whether a bias is added; yes. */
    bias?: boolean;
    /** How the weight starts; "heNormal". */
    init?: Init;
}
/** Options of a transposed convolution. */
export interface ConvTranspose2dOptions {
    /** Output channels. */
    out: number;
    /** Kernel size. */
    kernel: Pair;
    /** Distance between neighbouring inputs in the output; 1. */
    stride?: Pair;
    /** Rows and columns cut off on both sides of the output; none. */
    padding?: Pair;
    /** Rows and columns more at the end of the output; none. */
    outputPadding?: Pair;
    /** Distance between neighbouring kernel entries; 1. */
    dilation?: Pair;
    /** Channels are split into so many groups that do not see each other; 1. */
    groups?: number;
    /** Whether a bias is added; yes. */
    bias?: boolean;
    /** How the weight starts; "heNormal". */
    init?: Init;
}
/** Options of a depthwise-separable convolution. */
export interface SeparableConv2dOptions extends Omit<Conv2dOptions, "groups" | "standardise"> {
    /** Kernels for each input channel; 1. */
    multiplier?: number;
}
/** How several results become one: side by side along axis 1, their sum, or their product. */
export type Join = "concat" | "add" | "mul";
/** A node of a graph of layers. */
export interface GraphNode {
    /** What it does; nothing if left out: it joins its inputs. */
    layer?: LayerLike;
    /** The nodes before it, "x" being the input of the model, or the names of its inputs. */
    in: string | readonly string[];
    /** How several inputs become one; "concat". */
    join?: Join;
}
/** Options of dropout. */
export interface DropoutOptions {
    /** A probability; 0.5. */
    p?: number;
    /**
     * Whether `p` of the entries are dropped ("library") or kept ("course", section 6.3); "library". The course rescales in testing; here both
     * forms scale in training by one over the share that is kept, which is the same on average.
     */
    form?: "library" | "course";
}
/** Options of batch normalisation. */
export interface BatchNormOptions {
    /** Added to the variance; 1e-5. */
    eps?: number;
    /** The share of a batch in the running statistics of each step; 0.1. */
    momentum?: number;
    /** Whether scale and shift are learnt; yes. */
    affine?: boolean;
}
/** Options of layer normalisation. */
export interface LayerNormOptions {
    /** How many of the last axes are normalised together; 1. */
    axes?: number;
    /** Added to the variance; 1e-5. */
    eps?: number;
    /** Whether scale and shift are learnt; yes. */
    affine?: boolean;
}
/** What `nn.sequential` takes: layers, models and functions of one tensor. */
export type LayerLike = Model | ((x: Tensor) => Tensor);
/** Layers and models. */
export interface Nn {
    /** Layers in a row; their parameters are called `0.weight`, `0.bias`, `2.weight` and so on. */
    sequential(layers: readonly LayerLike[]): Model;
    /** A model that is a function of x and of named parameters: `nn.func((x, { w }) => x.matmul(w), { w: zeros([784, 10]) })`. */
    func<P extends Record<string, Tensor>>(forward: ModelFunction<P>, params?: P): Model;
    /** body(x) + shortcut(x); without a shortcut the input itself is added. Parameters are called `body.…` and `shortcut.…`. */
    residual(body: LayerLike, shortcut?: LayerLike): Model;
    /** Each branch gets the same input; their results are joined, side by side along axis 1 if nothing is said. */
    parallel(branches: readonly LayerLike[], options?: {
        join?: Join;
    }): Model;
    /** Each layer gets the input and all earlier results side by side along axis 1, and so does what follows. */
    denseBlock(layers: readonly LayerLike[]): Model;
    /**
     * Layers that name their inputs; the last one gives the output:
     * `nn.graph({ a: { layer: nn.dense({ out: 8 }), in: "x" }, sum: { in: ["a", "x"], join: "add" } })`.
     *
     * With several inputs, named with their shapes without the batch axis, nodes take them by their names in place of "x":
     *
     * ```js
     * const model = nn.graph({
     *   pixels: { layer: nn.flatten(), in: "image" },
     *   out: { layer: nn.dense({ out: 10 }), in: ["pixels", "age"] },
     * }, { inputs: { image: [1, 28, 28], age: [1] } })
     * model.forward({ image, age })
     * await model.fit(data.from({ image, age }, y))
     * ```
     */
    graph(nodes: Readonly<Record<string, GraphNode>>, options?: {
        inputs?: Readonly<Record<string, readonly number[]>>;
    }): Model;
    /** The network of a file that `model.save` wrote (safetensors), trained as it was. */
    load(file: string): Promise<Model>;
    /**
     * The sizes of feature maps behind convolutions and poolings in a row, and their receptive fields, for an image of a size:
     * `nn.featureMaps(28, [{ kernel: 5 }, { kernel: 2, stride: 2 }])`. Errors: a window that does not fit; they say which image would do.
     * Source: course equations 31 and 32.
     */
    featureMaps(size: Pair, windows: readonly WindowOptions[]): FeatureMaps;
    /** x · Wᵀ + b; W is [out, in]. */
    dense(options: DenseOptions): Model;
    /** Cross-correlation of [N, C, H, W] with a weight [out, C/groups, KH, KW], plus a bias. */
    conv2d(options: Conv2dOptions): Model;
    /** Cross-correlation of [N, C, L] with a weight [out, C/groups, K], plus a bias. */
    conv1d(options: Conv1dOptions): Model;
    /** The transpose of a convolution, which makes images larger; its weight is [C, out/groups, KH, KW]. */
    convTranspose2d(options: ConvTranspose2dOptions): Model;
    /** A kernel for each channel, then a convolution of 1 × 1: C·K² + C·out weights in place of C·K²·out. */
    separableConv2d(options: SeparableConv2dOptions): Model;
    /** The maximum of every window of [N, C, L]; of pairs the second counts. */
    maxPool1d(options?: PoolOptions & {
        dilation?: Pair;
    }): Model;
    /** The maximum of every window of [N, C, H, W]. */
    maxPool2d(options?: PoolOptions & {
        dilation?: Pair;
    }): Model;
    /** The mean of every window of [N, C, H, W]. */
    avgPool2d(options?: PoolOptions & {
        countIncludePad?: boolean;
    }): Model;
    /** The mean of every channel: [N, C, …] to [N, C]. */
    globalAvgPool(): Model;
    /** The maximum of every channel: [N, C, …] to [N, C]. */
    globalMaxPool(): Model;
    /** Means of as many bins as the size says (1), whatever the image's: a network then takes larger images. */
    adaptiveAvgPool2d(options?: {
        size?: Pair;
    }): Model;
    /** Maxima of as many bins as the size says (1). */
    adaptiveMaxPool2d(options?: {
        size?: Pair;
    }): Model;
    /** [N, C, H, W] at a size, or times a scale. */
    resize(options: {
        size?: Pair;
        scale?: Pair;
        mode?: "nearest" | "bilinear" | "bicubic";
        alignCorners?: boolean;
    }): Model;
    /** [N, …] to [N, shape…]; one size may be −1. */
    reshape(options: {
        shape: readonly number[];
    }): Model;
    /** A vector of `out` numbers for each whole number 0 … count − 1; that of `padding` is not learnt. */
    embedding(options: {
        count: number;
        out: number;
        padding?: number;
    }): Model;
    /** (x − mean)/std with numbers for each channel, such as `await train.channelStats()` gives. */
    normalize(options: {
        mean: readonly number[];
        std: readonly number[];
    }): Model;
    /** Everything but the first axis as one: [N, …] to [N, −1]. */
    flatten(): Model;
    /** Sets random entries to 0 in training and scales the others up, so that means stay; passes all on otherwise. Course section 6.3. */
    dropout(options?: DropoutOptions): Model;
    /** The same for whole channels of a sample at once. */
    dropout2d(options?: DropoutOptions): Model;
    /**
     * Brings every channel of [N, C, …] to mean 0 and variance 1 over the batch (in training) or by running statistics, then scales and shifts it.
     * Course section 8.4; Ioffe and Szegedy 2015.
     */
    batchNorm(options?: BatchNormOptions): Model;
    /** Normalises every sample. */
    layerNorm(options?: LayerNormOptions): Model;
    /** Normalises groups of channels of every sample [N, C, …]; the groups must divide C. Course section 8.5; Wu and He 2018. */
    groupNorm(options: {
        groups: number;
        eps?: number;
        affine?: boolean;
    }): Model;
    /** Normalises every channel of every sample. */
    instanceNorm(options?: {
        eps?: number;
        affine?: boolean;
    }): Model;
    /** x/√(mean(x²) + eps) over the last axes. */
    rmsNorm(options?: LayerNormOptions): Model;
    /**
     * Channels weighed by what the whole image shows, [N, C, …] to the same shape: x · sigmoid(W₂ relu(W₁ m + b₁) + b₂) with each channel's mean m; C /
     * reduction (16) features in between. Source: Hu et al. 2018.
     */
    squeezeExcite(options?: {
        reduction?: number;
    }): Model;
    /** x. Course equation 3. */
    identity(): Model;
    /** sin x, in radians. Course equation 8. */
    sin(): Model;
    /** max(0, x); its derivative at 0 is 0 (the course, equation 5, takes 1: `x.ge(0).where(x, 0)`). */
    relu(): Model;
    /** x above 0, else slope · x; slope is 0.01 (0.1 in course equation 6). Its derivative at 0 is the slope. */
    leakyRelu(options?: {
        slope?: number;
    }): Model;
    /** Leaky ReLU that learns one slope for each channel of [N, C, …], 0.25 at first. Source: He et al. 2015. */
    prelu(): Model;
    /** 1 / (1 + exp(−x)), 0…1. Course equation 4. */
    sigmoid(): Model;
    /** The hyperbolic tangent, −1…1. Course equation 7. */
    tanh(): Model;
    /** Exponentials that sum to 1 along an axis (the last one), of values less their maximum. Course equation 10. */
    softmax(options?: {
        dim?: number;
    }): Model;
    /** x above 0, else alpha (exp(x) − 1). */
    elu(options?: {
        alpha?: number;
    }): Model;
    /** x · Φ(x); Φ by tanh instead of erf if approximate. */
    gelu(options?: {
        approximate?: boolean;
    }): Model;
    /** x · sigmoid(x) */
    silu(): Model;
    /** Self-normalising ELU. */
    selu(): Model;
    /** ln(1 + exp(beta x)) / beta */
    softplus(options?: {
        beta?: number;
        threshold?: number;
    }): Model;
    /** x · tanh(softplus(x)) */
    mish(): Model;
    /** x / (1 + |x|) */
    softsign(): Model;
    /** ln(sigmoid(x)) */
    logsigmoid(): Model;
    /** The logarithm of the softmax; along the last axis. */
    logSoftmax(options?: {
        dim?: number;
    }): Model;
    /** min(max(0, x), 6) */
    relu6(): Model;
    /** Limited to min … max; −1 … 1. */
    hardtanh(options?: {
        min?: number;
        max?: number;
    }): Model;
    /** x/6 + 1/2, limited to 0 … 1. */
    hardsigmoid(): Model;
    /** x · hardsigmoid(x) */
    hardswish(): Model;
    /** A fully connected network on flattened images; hidden [128], out 10. */
    mlp(options?: {
        out?: number;
        hidden?: readonly number[];
        dropout?: number;
    }): Model;
    /** LeNet, for images of 28² or 32²; out 10. */
    lenet(options?: {
        out?: number;
    }): Model;
    /** A ResNet for small images, of depth 6·blocks + 2; blocks 1, channels 16. Without skips it shows why they are there. */
    resnet(options?: {
        out?: number;
        blocks?: number;
        channels?: number;
        skips?: boolean;
    }): Model;
    /** A DenseNet for small images: three blocks of `layers` (4), each of which adds `growth` (12) channels. */
    densenet(options?: {
        out?: number;
        growth?: number;
        layers?: number;
        channels?: number;
        compression?: number;
    }): Model;
    /** Depthwise-separable blocks (6), for small images; channels 16. */
    mobilenet(options?: {
        out?: number;
        channels?: number;
        blocks?: number;
    }): Model;
}
export declare function nn(context: Context): Nn;

// optim.d.ts
import type { Variable } from "./compile.ts";
import type { Context } from "./context.ts";
import type { Displayable } from "./plot.ts";
import type { Operand, Tensor } from "./tensor.ts";
/** An optimiser and its options. `fit` begins with fresh averages; steps of the reader's own keep them here. */
export declare class Optimizer {
    #private;
    /** Which rule it is. */
    readonly kind: string;
    /** The learning rate; the rule's usual one if undefined. */
    get lr(): number | undefined;
    /**
     * One step of the parameters down the gradient of a loss (one number), such as `optimizer.minimize(loss, model.weights)`.
     * Parameters that it does not depend on stay as they are.
     */
    minimize(loss: Tensor, params: readonly Variable[], options?: StepOptions): void;
    /** One step of the parameters by gradients, one for each. */
    apply(grads: readonly Tensor[], params: readonly Variable[], options?: StepOptions): void;
}
/** Options of one step. */
export interface StepOptions {
    /** The learning rate of this step, in place of the optimiser's: a number, or a tensor without axes such as an argument. */
    lr?: Operand;
    /** The largest common norm of all gradients. */
    clipNorm?: number;
    /** The largest magnitude of an entry of a gradient. */
    clipValue?: number;
}
/** A number that may change at any time, such as one of the page's inputs: whatever has a number as its `value`. */
export interface LiveNumber {
    readonly value: number;
}
/** What all optimisers take. */
export interface OptimizerOptions {
    /** The learning rate. A live one is looked at before each slice of a run, some tens of milliseconds. */
    lr?: number | LiveNumber;
    /** Pull of the weights towards 0. */
    weightDecay?: number;
}
/** Options of the Adam family. */
export interface AdamOptions extends OptimizerOptions {
    /** How slowly the averages of gradients and squares follow; [0.9, 0.999]. */
    betas?: readonly [number, number];
    /** Keeps the denominator away from 0; 1e-8. */
    eps?: number;
}
/** Options of stochastic gradient descent. */
export interface SgdOptions extends OptimizerOptions {
    /** The share of the velocity that stays; 0. */
    momentum?: number;
    /** The share of a gradient that does not enter the velocity; 0. */
    dampening?: number;
    /** Whether the gradient is looked at where the velocity leads; no. */
    nesterov?: boolean;
    /** Whether weight decay acts on the weights instead of the gradients; no. */
    decoupled?: boolean;
    /**
     * What momentum means: PyTorch's formula, w ← w − lr·b with b ← momentum·b + g, or the course's (section 3.3), w ← w − m with
     * m ← momentum·m + lr·g. They differ once the rate changes. With Nesterov the parameter is the point w − momentum·m at which the gradient is taken. "library".
     */
    form?: "library" | "course";
}
/** Options of RMSprop. */
export interface RmsPropOptions extends OptimizerOptions {
    /** How slowly the average of squares follows; 0.99. */
    alpha?: number;
    /** Keeps the denominator away from 0; 1e-8. */
    eps?: number;
    /** The share of the velocity that stays; 0. */
    momentum?: number;
    /** Whether the variance is used instead of the mean of squares; no. */
    centered?: boolean;
    /** PyTorch's formula, entry by entry, or the course's (eq. 22): one number for all, the average squared norm; "library". */
    form?: "library" | "course";
}
/** Options of a preview. */
export interface PreviewOptions {
    /** The rate that the schedule starts from; 1. */
    lr?: number;
    /** How many counts (epochs or steps) are shown; 100. */
    total?: number;
}
/** The rates of a schedule; shown as a line. */
export interface SchedulePreview extends Displayable {
    readonly lrs: readonly number[];
}
/** Optimisers, as PyTorch defines them. */
export interface Optim {
    /** The learning rates that a schedule gives, before anything is trained. Plateau, which listens to losses, stays at its first. */
    preview(schedule: Schedule, options?: PreviewOptions): SchedulePreview;
    /** Stochastic gradient descent, with momentum if asked for; lr 0.01. Course sections 2.3, 3.2 and 3.3. */
    sgd(options?: SgdOptions): Optimizer;
    /** Adam; lr 0.001. Course section 3.5; Kingma and Ba 2015. */
    adam(options?: AdamOptions & {
        amsgrad?: boolean;
    }): Optimizer;
    /** Adam whose weight decay acts on the weights: −lr · weightDecay · w; lr 0.001. Course equation 23; Loshchilov and Hutter 2019. */
    adamW(options?: AdamOptions & {
        amsgrad?: boolean;
    }): Optimizer;
    /** RMSprop; lr 0.01. Course section 3.4. */
    rmsprop(options?: RmsPropOptions): Optimizer;
    /** Adagrad; lr 0.01. Source: Duchi et al. 2011. */
    adagrad(options?: OptimizerOptions & {
        lrDecay?: number;
        eps?: number;
        initialAccumulatorValue?: number;
    }): Optimizer;
    /** Adadelta; lr 1. Source: Zeiler 2012. */
    adadelta(options?: OptimizerOptions & {
        rho?: number;
        eps?: number;
    }): Optimizer;
    /** Adamax; lr 0.002. Source: Kingma and Ba 2015, section 7. */
    adamax(options?: AdamOptions): Optimizer;
    /** Nadam; lr 0.002. Source: Dozat 2016. */
    nadam(options?: AdamOptions & {
        momentumDecay?: number;
    }): Optimizer;
    /** Lion: each weight moves by lr in the direction of an average of gradients; betas [0.9, 0.99], lr 0.0001. Source: Chen et al. 2023. */
    lion(options?: OptimizerOptions & {
        betas?: readonly [number, number];
    }): Optimizer;
}
/** How the learning rate changes. Lengths count what `scheduleUnit` says; left out, they are the whole run. */
export type Schedule = {
    kind: "constant";
}
/** Times gamma (0.1) at every, 2 · every and so on. Course equation 19, which at its word acts one later. */
 | {
    kind: "step";
    every: number;
    gamma?: number;
}
/** Times gamma (0.1) at each milestone. */
 | {
    kind: "multistep";
    milestones: readonly number[];
    gamma?: number;
}
/** Times gamma each time. */
 | {
    kind: "exponential";
    gamma: number;
}
/** (1 − t/total) to a power (1): what libraries call polynomial. */
 | {
    kind: "polynomial";
    total?: number;
    power?: number;
}
/** Divided by (t + 1) to the power of alpha. Course equation 20, whose count begins at 1. */
 | {
    kind: "polynomialCourse";
    alpha: number;
}
/** Half a wave of a cosine down to etaMin (0). Source: Loshchilov and Hutter 2017. */
 | {
    kind: "cosine";
    tMax?: number;
    etaMin?: number;
}
/** The same again and again; each is tMult (1) times as long as the one before, the first one t0. */
 | {
    kind: "cosineRestarts";
    t0: number;
    tMult?: number;
    etaMin?: number;
}
/** A straight rise in `warmup` counts, then lr · √(warmup/(t + 1)). Source: Vaswani et al. 2017. */
 | {
    kind: "inverseSqrt";
    warmup: number;
}
/** One rise to the optimiser's rate (from a divFactor-th, 25) and one fall (to a finalDivFactor-th of that, 1e4). */
 | {
    kind: "oneCycle";
    total?: number;
    /** The share of the cycle that rises; 0.3. */
    pctStart?: number;
    /** "cos". */
    anneal?: "cos" | "linear";
    divFactor?: number;
    finalDivFactor?: number;
    /** Whether it falls as long as it rose, then on to the end; no. */
    threePhase?: boolean;
}
/** Times factor (0.1) when the validation loss has not fallen by threshold (a share, 1e-4) for patience (10) epochs. */
 | {
    kind: "plateau";
    factor?: number;
    patience?: number;
    threshold?: number;
}
/** A straight rise for so many steps, then another schedule from its beginning. */
 | {
    kind: "warmup";
    steps: number;
    then?: Schedule;
};
export declare function optim(context: Context): Optim;

// own.d.ts
import type { Context } from "./context.ts";
import { Dataset } from "./dataset.ts";
/** Data sets of the reader's own files. */
export interface Own {
    /**
     * A set that was made of files on the page ("Your data" in the bar, or by dropping files anywhere), by the name that it was
     * given: `await data.own("pets")`. A set whose folders were train and test has two parts: `await data.own("pets", "train")`.
     * Images have values 0…1; classes are numbered in the order of their names. A set that does not fit where it is computed on is streamed.
     * Errors: there is no such set or part.
     */
    own(name: string, part?: "train" | "validation" | "test"): Promise<Dataset>;
    /** Lets the reader drop or choose files, or a set that is there; waits until they have. Of a set with parts it is the first. */
    pick(): Promise<Dataset>;
}
export declare function own(context: Context): Own;

// pictures.d.ts
export {};

// plan.d.ts
import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
/** One step of the program, such as a convolution with what follows it. Figures are those of one call. */
export interface PlanStep {
    /** What it computes, as the program prints it: `conv x[64, 1, 28, 28] …, then { … }`. */
    kernel: string;
    /** Dispatches on the device; on the CPU a step is one. */
    dispatches: number;
    /** Floating-point operations. */
    flops: number;
    /** Bytes that it must read: the distinct words that its result depends on, each once. */
    read: number;
    /** Bytes that it must write: the result, once. */
    written: number;
    /** Bytes that the device reads and writes for it, with all intermediates: partial sums, packed or transformed copies. */
    moved: number;
}
/** What a call of a compiled function does, step by step; shown as a table. */
export declare class Plan {
    #private;
    /** The steps in their order. */
    readonly steps: readonly PlanStep[];
    /** The device: "cpu" or "webgpu". */
    readonly device: string;
    /** Batches of work that a call hands to the device's queue: 1 on WebGPU. */
    readonly submits: number;
    /** Bytes of arguments that are brought to the program's own memory, and of results that are copied out of it, at most. */
    readonly copied: number;
    /** Bytes of scratch memory. */
    readonly arena: number;
    /** Bytes of state that calls read and change: parameters, optimiser moments, counters. */
    readonly state: number;
    /** Buffers besides the arena: how many. */
    readonly buffers: number;
    /** Bytes of these buffers. */
    readonly bufferBytes: number;
    /** Dispatches of a call. */
    get dispatches(): number;
    /** Floating-point operations of a call. */
    get flops(): number;
    /** Bytes that the steps must read. */
    get read(): number;
    /** Bytes that the steps must write. */
    get written(): number;
    /** Bytes that a call reads and writes in all, copies of arguments and results included. */
    get moved(): number;
    [DISPLAY](): LiveDisplay;
    toString(): string;
}

// plot.d.ts
import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Context } from "./context.ts";
import { Tensor } from "./tensor.ts";
/** Options of a curve. */
export interface CurveOptions {
    /** What stands above it. */
    title?: string;
}
/** Options of an image grid. */
export interface ImagesOptions {
    /** One line of text for each image. */
    captions?: readonly string[];
    /** Images in a row; as many as fit. */
    columns?: number;
    /** The values shown as black and white; the data's own. */
    range?: readonly [low: number, high: number];
    /** Screen pixels for an image pixel; chosen by size. */
    zoom?: number;
    /** Rectangles over the images, [N, M, 4]: left, top, right and bottom in pixels. Empty ones are not drawn. */
    boxes?: Tensor;
    /** The class of each rectangle, [N, M]; those below 0 are not drawn. */
    boxLabels?: Tensor;
    /** What classes are called. */
    classes?: readonly string[];
    /** The thing that each pixel belongs to, [N, H, W], from 1; 0 is none. */
    masks?: Tensor;
}
/** Options of a heat-map over an image. */
export interface OverlayOptions {
    /** What it shows. */
    label?: string;
    /** Whether 0 stands in the middle of the colours; yes if the map has values below 0. */
    signed?: boolean;
    /** A frame over it: left, top, right and bottom in the image's pixels; it may reach beyond the image. */
    box?: readonly [left: number, top: number, right: number, bottom: number];
}
/** A line: y over x, which rises. */
export interface Line {
    name: string;
    x: readonly number[];
    y: readonly number[];
}
/** Options of lines. */
export interface LinesOptions {
    /** What stands above them. */
    title?: string;
    /** What the axis across shows; "x". */
    x?: string;
    /** What the axis up shows; "y". */
    y?: string;
    /** Whether the axis up is logarithmic; no. */
    log?: boolean;
}
/** Options of bars. */
export interface BarsOptions {
    /** What each bar is called; 0, 1, 2 … */
    labels?: readonly string[];
    /** What stands above them. */
    title?: string;
    /** The values at both ends; the values' own, 0 among them. */
    range?: readonly [low: number, high: number];
}
/** Points of one series: y over x. */
export interface Points {
    name: string;
    x: readonly number[];
    y: readonly number[];
    /** What each point is, for the reader who points at it. */
    labels?: readonly string[];
}
/** Options of points. */
export interface ScatterOptions {
    /** What stands above them. */
    title?: string;
    /** What the axis across shows; "x". */
    x?: string;
    /** What the axis up shows; "y". */
    y?: string;
    /** Of a tensor: the class of each point, which gives it its series. */
    labels?: Tensor | readonly number[];
    /** What classes are called. */
    classes?: readonly string[];
}
/** Options of a matrix. */
export interface MatrixOptions {
    /** What stands above it. */
    title?: string;
    /** What each row is called; its number. */
    rows?: readonly string[];
    /** What each column is called; its number. */
    columns?: readonly string[];
    /** Whether 0 stands in the middle of the colours; yes if the matrix has values below 0. */
    signed?: boolean;
    /** The values at the ends of the colours; the matrix's own. */
    range?: readonly [low: number, high: number];
}
/** Something that can be displayed and does no more. */
export interface Displayable {
    [DISPLAY](): LiveDisplay | Promise<LiveDisplay>;
}
/** Pictures. */
export interface Plot {
    /** The curve of a training run: hand it to `display` and to `fit`, and it grows with the run. */
    curve(options?: CurveOptions): Curve;
    /** Lines in one picture. */
    lines(lines: readonly Line[], options?: LinesOptions): Displayable;
    /** A bar for each number, such as the probabilities of some classes: an array, or a tensor [C]; axes of size 1 in front do not matter. */
    bars(values: readonly number[] | Tensor, options?: BarsOptions): Displayable;
    /** Points on a plane: some series, or a tensor [N, 2] such as an embedding. */
    scatter(points: readonly Points[] | Tensor, options?: ScatterOptions): Displayable;
    /** A colour for each value of a matrix, and the value where there is room: rows, or a tensor [H, W]; axes of size 1 in front do not matter. */
    matrix(values: readonly (readonly number[])[] | Tensor, options?: MatrixOptions): Displayable;
    /** HTML, cleaned, in a frame of its own that runs no script and loads nothing. */
    html(html: string): Displayable;
    /** An SVG text as an image. */
    svg(svg: string, options?: {
        alt?: string;
    }): Displayable;
    /** Images [N, C, H, W] or [C, H, W] or [H, W] as a grid. */
    images(images: Tensor, options?: ImagesOptions): Displayable;
    /** A map [H, W] over an image [C, H, W]; axes of size 1 in front do not matter. */
    overlay(image: Tensor, map: Tensor, options?: OverlayOptions): Displayable;
}
export declare const IMAGES_OPTIONS: string[];
export declare function plot({ wasm }: Context): Plot;
/** The curve of a training run: loss and accuracy over steps, on training and validation samples. */
export declare class Curve {
    #private;
    private readonly options;
    [DISPLAY](): LiveDisplay;
}
export declare function linesDisplay(lines: readonly Line[], options: LinesOptions): LiveDisplay;
export declare function imagesDisplay(images: Tensor, options: ImagesOptions): Promise<LiveDisplay>;
export declare function overlayDisplay(image: Tensor, map: Tensor, options: OverlayOptions): Promise<LiveDisplay>;

// probe.d.ts
/** An engine build: `base` needs SIMD, `fast` relaxed SIMD too, `threads` memory that workers share as well. */
export type EngineBuild = "base" | "fast" | "threads";
/** For a browser without SIMD: what has it. */
export declare const NEEDS_SIMD = "This browser lacks WebAssembly SIMD: Chrome 91, Firefox 89, Safari 16.4 and later have it.";
/** Whether WebAssembly has SIMD here. */
export declare function hasSimd(): boolean;
/**
 * The build that was asked for, else the fastest that runs here; that with threads only if there is to be more than one.
 * Errors: the build does not run here, or there is none.
 */
export declare function chooseBuild(wanted: EngineBuild | undefined, threads: number): EngineBuild;

// profile.d.ts
import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
/** One step of the program, such as a convolution with what follows it. Figures are those of one call. */
export interface ProfileStep {
    /** What it computes, as the program prints it: `conv x[64, 1, 28, 28] …, then { … }`. */
    kernel: string;
    /** Milliseconds, the mean over all calls. */
    ms: number;
    /** Floating-point operations. */
    flops: number;
    /** Bytes that it must read and write: see `PlanStep`. */
    bytes: number;
}
/** The time of each step of a compiled function; shown as a table. */
export declare class Profile {
    #private;
    /** The steps in their order. */
    readonly steps: readonly ProfileStep[];
    /** How many calls were timed. */
    readonly calls: number;
    /** The device: "cpu" or "webgpu". */
    readonly device: string;
    /** Milliseconds of a call. */
    get ms(): number;
    [DISPLAY](): LiveDisplay;
    toString(): string;
}

// roofline.d.ts
import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Profile } from "./profile.ts";
/** What a device does at most. */
export interface Ceilings {
    /** Floating-point operations a second: of a product of two matrices of 768 × 768. */
    flops: number;
    /** Bytes a second to and from memory: of a sum of two vectors of 4 million elements. */
    bytes: number;
}
/** Each kernel's speed against the device's ceilings; shown as a picture. */
export declare class Roofline {
    /** The steps and their times. */
    readonly profile: Profile;
    /** What was measured on this device, in this session. */
    readonly ceilings: Ceilings;
    /** The device: "cpu" or "webgpu". */
    get device(): string;
    [DISPLAY](): LiveDisplay;
    toString(): string;
}

// run-file.d.ts
export {};

// save-request.d.ts
/** What is to be saved, besides the tensors. */
export interface SaveRequest {
    file: string;
    metadata: Record<string, string>;
    /** Whether numbers with a fraction take 16 bits. */
    half: boolean;
}
/** Whether a file may be called so: it is no path, not too long, and has no letters that cannot be seen. */
export declare function isFileName(name: unknown): name is string;
/** The name, if it may be one of a file. */
export declare function fileName(name: unknown): string;
/** Whether a file of this name is NumPy's archive, which has no place for metadata. */
export declare function isNpz(name: string): boolean;
/** The request, if it can be met. Errors: the name is none, the format cannot hold it, or a part is something else. */
export declare function checkedRequest(request: unknown): SaveRequest;

// scan.d.ts
import type { Context } from "./context.ts";
import { Tensor } from "./tensor.ts";
/** One tensor, or several. */
export type Tensors = Tensor | readonly Tensor[];
/** Options of a loop. */
export interface ScanOptions {
    /** Whether to go from the last slice to the first. */
    reverse?: boolean;
}
/**
 * Repeats a step for every slice of `xs` along the first axis: `scan(h0, xs, (h, x) => [next, output])`. The step is called once, with
 * placeholders: it must not read values. Gives the last carry and the outputs, stacked; where one tensor was given, one comes
 * back, where a list, a list.
 */
export type Scan = <C extends Tensors, X extends Tensors, Y extends Tensors>(init: C, xs: X, step: (carry: Same<C>, x: Same<X>) => readonly [next: Same<C>, output: Y], options?: ScanOptions) => [carry: Same<C>, outputs: Same<Y>];
type Same<T extends Tensors> = T extends Tensor ? Tensor : Tensor[];
export declare function scan(context: Context): Scan;
export {};

// scene-request.d.ts
/** What scenes are wanted. */
export interface SceneRequest {
    of: "emoji" | "digits";
    on: "photos" | "black";
    style: "noto" | "twemoji";
    /** Names of emoji. */
    classes: string[];
    count: number;
    size: number;
    objects: [fewest: number, most: number];
    sides: [least: number, greatest: number];
    turn: number;
    centred: boolean;
    seed: number;
}
/** The name; each time it is asked for, scenes are drawn anew. */
export declare function sceneName(request: SceneRequest): string;
/** Whether a collection is one of scenes. */
export declare function areScenes(what: string): boolean;
/** What a name says. Errors: it makes no sense. */
export declare function readSceneRequest(what: string): SceneRequest;

// scenes.d.ts
import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Context } from "./context.ts";
import { Dataset } from "./dataset.ts";
import type { Displayable, ImagesOptions } from "./plot.ts";
import { Tensor } from "./tensor.ts";
/** Options of scenes. */
export interface SceneOptions {
    /** What is pasted: "emoji" or handwritten "digits"; "emoji". */
    of?: "emoji" | "digits";
    /** What it is pasted on: cuts of "photos", or "black", where digits are grey; "photos". */
    on?: "photos" | "black";
    /** Whose emoji; "noto". */
    style?: "noto" | "twemoji";
    /** Which emoji, by their names in `(await data.emoji()).names`; ten that are easy to tell apart. */
    classes?: readonly string[];
    /** Scenes; 256. */
    count?: number;
    /** Height and width in pixels, up to 256; 64. */
    size?: number;
    /** Fewest and most things in a scene; [1, 3]. */
    objects?: readonly [fewest: number, most: number];
    /** Least and greatest height of a thing in pixels; a quarter and a half of the scene's. */
    sides?: readonly [least: number, greatest: number];
    /** Things are turned by whole degrees up to this, either way; 20, for digits 0. */
    turn?: number;
    /** The same seed draws the same scenes on every machine; drawn afresh if left out. */
    seed?: number;
}
/** Options of turned digits. */
export interface TurnedOptions {
    /** Images; 2000. */
    count?: number;
    /** The greatest angle in degrees, either way; 45. */
    turn?: number;
    /** The same seed draws the same images on every machine; drawn afresh if left out. */
    seed?: number;
}
/** Data sets that are drawn. */
export interface Drawn {
    /** Things on photographs with boxes, masks and captions: `await data.scenes({ count: 500, seed: 1 })`. */
    scenes(options?: SceneOptions): Promise<Scenes>;
    /** Handwritten digits [N, 1, 28, 28], each turned; targets are the angles in degrees, counter-clockwise (f32 [N]). */
    turnedDigits(options?: TurnedOptions): Promise<Dataset>;
}
/** Scenes and what is true of them. There are as many places for things as a scene may have; those of things that are not there have the label −1. */
export declare class Scenes {
    #private;
    /** The scenes [N, C, S, S], values 0…1. */
    readonly images: Tensor;
    /** Left, top, right and bottom of what is seen of each thing, in pixels (i32 [N, M, 4]). */
    readonly boxes: Tensor;
    /** The class of each thing (i32 [N, M]). */
    readonly labels: Tensor;
    /** Which thing each pixel belongs to, from 1; 0 is the ground (i32 [N, S, S]). */
    readonly masks: Tensor;
    /** The angle of each thing in degrees, counter-clockwise (i32 [N, M]). */
    readonly angles: Tensor;
    /** The names of the classes. */
    readonly classes: string[];
    /** What is seen, in words. */
    readonly captions: string[];
    /** The number of scenes. */
    get length(): number;
    /** The class of each pixel, from 1; 0 is the ground (i32 [N, S, S]): what a segmentation learns. */
    get classMasks(): Tensor;
    /** As a data set of the scenes and a target of each, such as `scenes.labels`; their number of things where none is given. */
    dataset(target?: Tensor, classes?: readonly string[]): Dataset;
    /** The first `n` scenes with boxes, masks and captions. */
    show(n?: number, options?: ImagesOptions): Displayable;
    [DISPLAY](): Promise<LiveDisplay>;
}
export declare function drawn(context: Context): Drawn;

// size-text.d.ts
/** "3.2 MB" */
export declare function sizeText(bytes: number): string;

// sketch.d.ts
export {};

// sweep.d.ts
import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Context } from "./context.ts";
import type { Displayable } from "./plot.ts";
/** Values to try, by name. */
export type Grid = Readonly<Record<string, readonly unknown[]>>;
/** One value of each. */
export type Point<G extends Grid> = {
    [K in keyof G]: G[K][number];
};
/** What came of a point. */
export interface SweepRow<G extends Grid = Grid> {
    point: Point<G>;
    /** The numbers that the experiment gave, by name; NaN where its training diverged. */
    scores: Record<string, number>;
}
/**
 * Tries points of a grid: `sweep({ lr: [0.1, 0.01] }, async ({ lr }) => ({ loss: … }))`. Points of `resume` are not tried again. New rows are
 * added to it if it is an array: one from an earlier cell, `const rows = []`, keeps them when the sweep is stopped or an error ends it.
 */
export type MakeSweep = <G extends Grid>(grid: G, experiment: (point: Point<G>) => Promise<Record<string, number> | number>, options?: {
    resume?: Sweep<G> | SweepRow<G>[];
    onRow?: (row: SweepRow<G>) => void;
}) => Promise<Sweep<G>>;
/** What came of the points that were tried; shown as a table. */
export declare class Sweep<G extends Grid = Grid> {
    #private;
    /** What was tried, in order. */
    readonly rows: readonly SweepRow<G>[];
    /** How many points the grid has. */
    readonly size: number;
    /** Whether all points were tried. */
    get done(): boolean;
    /** The row with the smallest score of a name (the first one), or the largest. */
    best(score?: string, direction?: "min" | "max"): SweepRow<G>;
    /** A score over one of the values, which must be numbers; a line for each combination of the others. */
    plot(options: {
        x: keyof G & string;
        y?: string;
    }): Displayable;
    [DISPLAY](): LiveDisplay;
    toString(): string;
}
export declare function sweep(context: Context): MakeSweep;

// tensor-files.d.ts
import type { CollectionFile } from "./collections.ts";
import type { FileStore } from "./file-store.ts";
/** The functions of the module that parses files. */
export type FilesModule = typeof import("../pkg/files/gradbook.js");
/** A tensor by name: its elements and their sizes. */
export type NamedTensor = [
    name: string,
    elements: Float32Array | Int32Array | Uint32Array | Uint8Array,
    shape: number[]
];
/** What was saved. */
export interface SavedFile {
    file: string;
    bytes: number;
}
/** The module, loaded once. `base` is the folder of the site or package. */
export declare function filesModule(base: URL): Promise<FilesModule>;
/**
 * A file of the reader's as a collection: its tensors, and its metadata as JSON in bytes. Without a name the list of all files, as JSON.
 * Errors: it is not there, or damaged.
 */
export declare function loadOwn(base: URL, store: FileStore, name: string): Promise<CollectionFile[]>;
/** A collection with the tensors of files that lie in it in their place. */
export declare function unpackTensors(base: URL, files: CollectionFile[]): Promise<CollectionFile[]>;
/** Writes tensors as a file of the reader's. `request` comes from code that we did not write. */
export declare function saveOwn(base: URL, store: FileStore, request: string, tensors: NamedTensor[]): Promise<string>;

// tensor.d.ts
import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Context } from "./context.ts";
/** The type of a tensor's elements. */
export type DType = "f32" | "i32" | "u32" | "bool";
/** Elements as they come back from a read; those of bool are 0 and 1. */
export type Values = Float32Array | Int32Array | Uint32Array | Uint8Array;
/** Numbers in rows, rows in tables, and so on. */
export type Nested = number | boolean | readonly Nested[];
/** What can stand beside a tensor in arithmetic: another one, or a number. */
export type Operand = Tensor | number;
/** One axis, several, or (left out) all. */
export type Dims = number | readonly number[];
/** A number for both axes, or height and width. */
export type Pair = number | readonly [height: number, width: number];
/** Options of a convolution. */
export interface ConvOptions {
    /** Distance between neighbouring outputs; 1. */
    stride?: Pair;
    /** Zeros around the image: a number, height and width, or by what it achieves; none. */
    padding?: Pair | "same" | "valid" | "full";
    /** Distance between neighbouring kernel entries; 1. */
    dilation?: Pair;
    /** Channels are split into so many groups that do not see each other; 1. */
    groups?: number;
}
/** Options of a pooling. */
export interface PoolOptions {
    /** Window size; 2. */
    kernel?: Pair;
    /** Distance between neighbouring windows; the kernel's size. */
    stride?: Pair;
    /** Pixels around the image; 0. */
    padding?: Pair;
    /** Whether windows that reach over the end count too; no. */
    ceilMode?: boolean;
}
/** An immutable array of numbers with a shape, computed when it is read. */
export declare class Tensor {
    #private;
    /** The sizes of its axes, outermost first; images are [N, C, H, W]. */
    get shape(): number[];
    /** The type of its elements. */
    get dtype(): DType;
    /** The number of axes. */
    get rank(): number;
    /** The number of elements. */
    get size(): number;
    /** All elements, row by row. Everything that is needed for them is computed first. */
    data(): Promise<Values>;
    /** The only element. */
    item(): Promise<number>;
    /** The elements as nested arrays, booleans for bool. */
    array(): Promise<Nested>;
    /** Computes it now, if nothing else has; it then no longer depends on what it was made from. */
    evaluate(): Promise<this>;
    /**
     * Looks for the op that made NaN or infinity: computes everything that this tensor depends on op by op, and throws a
     * `NotFiniteError` that names the first such op, how much of its value is not finite, and the range of what it was computed
     * from. Slow. The tensor stays what it is: gradients can still be taken.
     */
    check(): Promise<this>;
    /** this + other */
    add(other: Operand): Tensor;
    /** this − other */
    sub(other: Operand): Tensor;
    /** this · other, element by element */
    mul(other: Operand): Tensor;
    /** this / other */
    div(other: Operand): Tensor;
    /** The remainder with the sign of `other`. */
    rem(other: Operand): Tensor;
    /** this to the power of `other`. */
    pow(other: Operand): Tensor;
    /** The larger of both. */
    maximum(other: Operand): Tensor;
    /** The smaller of both. */
    minimum(other: Operand): Tensor;
    /** The angle, −π…π, of the point (other, this). */
    atan2(other: Operand): Tensor;
    /** Limited to low…high. */
    clip(low: number, high: number): Tensor;
    /** −this */
    neg(): Tensor;
    /** |this| */
    abs(): Tensor;
    /** −1, 0 or 1 by the sign. */
    sign(): Tensor;
    /** 1 / this */
    reciprocal(): Tensor;
    /** The square root. */
    sqrt(): Tensor;
    /** 1 / √this */
    rsqrt(): Tensor;
    /** this² */
    square(): Tensor;
    /** e to the power of this. */
    exp(): Tensor;
    /** exp(this) − 1, exact near 0. */
    expm1(): Tensor;
    /** The natural logarithm. */
    log(): Tensor;
    /** log(1 + this), exact near 0. */
    log1p(): Tensor;
    /** The logarithm to base 2. */
    log2(): Tensor;
    /** The logarithm to base 10. */
    log10(): Tensor;
    /** The sine of an angle in radians. */
    sin(): Tensor;
    /** The cosine of an angle in radians. */
    cos(): Tensor;
    /** The tangent of an angle in radians. */
    tan(): Tensor;
    /** The angle whose tangent this is. */
    atan(): Tensor;
    /** The hyperbolic sine. */
    sinh(): Tensor;
    /** The hyperbolic cosine. */
    cosh(): Tensor;
    /** The hyperbolic tangent. */
    tanh(): Tensor;
    /** The error function. */
    erf(): Tensor;
    /** The largest whole number that is not above. */
    floor(): Tensor;
    /** The smallest whole number that is not below. */
    ceil(): Tensor;
    /** The nearest whole number, halves to the even one. */
    round(): Tensor;
    /** Whether equal (bool). */
    eq(other: Operand): Tensor;
    /** Whether different (bool). */
    ne(other: Operand): Tensor;
    /** Whether less (bool). */
    lt(other: Operand): Tensor;
    /** Whether less or equal (bool). */
    le(other: Operand): Tensor;
    /** Whether greater (bool). */
    gt(other: Operand): Tensor;
    /** Whether greater or equal (bool). */
    ge(other: Operand): Tensor;
    /** Whether it is not a number (bool). */
    isnan(): Tensor;
    /** Whether it is neither infinite nor not a number (bool). */
    isfinite(): Tensor;
    /** Both (bool). */
    logicalAnd(other: Tensor): Tensor;
    /** Either (bool). */
    logicalOr(other: Tensor): Tensor;
    /** One but not both (bool). */
    logicalXor(other: Tensor): Tensor;
    /** The opposite (bool). */
    logicalNot(): Tensor;
    /** `a` where this (bool) is true, else `b`. */
    where(a: Operand, b: Operand): Tensor;
    /** As another element type; to a whole number truncates toward 0, to bool is "not 0". */
    cast(dtype: DType): Tensor;
    /** max(0, this) */
    relu(): Tensor;
    /** this above 0, else slope · this. */
    leakyRelu(slope?: number): Tensor;
    /** 1 / (1 + exp(−this)) */
    sigmoid(): Tensor;
    /** log(1 + exp(beta · this)) / beta */
    softplus(beta?: number, threshold?: number): Tensor;
    /** this above 0, else alpha (exp(this) − 1). */
    elu(alpha?: number): Tensor;
    /** The self-normalising ELU. */
    selu(): Tensor;
    /** this · Φ(this) */
    gelu(): Tensor;
    /** this · sigmoid(this) */
    silu(): Tensor;
    /** Exponentials that sum to 1 along an axis. */
    softmax(dim?: number): Tensor;
    /** The logarithm of the softmax along an axis. */
    logSoftmax(dim?: number): Tensor;
    /** The sum over axes. */
    sum(dims?: Dims, keepdim?: boolean): Tensor;
    /** The mean over axes. */
    mean(dims?: Dims, keepdim?: boolean): Tensor;
    /** The variance over axes, divided by n − correction. */
    var(dims?: Dims, correction?: number, keepdim?: boolean): Tensor;
    /** The standard deviation over axes, of squares divided by n − correction. */
    std(dims?: Dims, correction?: number, keepdim?: boolean): Tensor;
    /** The p-norm over axes. */
    norm(p?: number, dims?: Dims, keepdim?: boolean): Tensor;
    /** The maximum over axes. */
    max(dims?: Dims, keepdim?: boolean): Tensor;
    /** The minimum over axes. */
    min(dims?: Dims, keepdim?: boolean): Tensor;
    /** log Σ exp over axes, without overflow. */
    logsumexp(dims?: Dims, keepdim?: boolean): Tensor;
    /** Whether any is true (bool). */
    any(dims?: Dims, keepdim?: boolean): Tensor;
    /** Whether all are true (bool). */
    all(dims?: Dims, keepdim?: boolean): Tensor;
    /** Where along an axis the maximum is (i32), the first of equals. */
    argmax(dim?: number, keepdim?: boolean): Tensor;
    /** Where along an axis the minimum is (i32), the first of equals. */
    argmin(dim?: number, keepdim?: boolean): Tensor;
    /** The product along an axis. */
    prod(dim?: number, keepdim?: boolean): Tensor;
    /** Sums of all up to each, along an axis. */
    cumsum(dim?: number): Tensor;
    /** The indices (i32) that put it in order along an axis; equal ones keep theirs, NaN is above everything. */
    argsort(dim?: number, descending?: boolean): Tensor;
    /** The values in order along an axis, and where each was (i32). */
    sort(dim?: number, descending?: boolean): {
        values: Tensor;
        indices: Tensor;
    };
    /** The k largest along an axis, largest first, and where each was (i32). */
    topk(k: number, dim?: number): {
        values: Tensor;
        indices: Tensor;
    };
    /** The same elements under another shape; one size may be −1. */
    reshape(...shape: number[] | [readonly number[]]): Tensor;
    /** The axes from `start` to `end` as one. */
    flatten(start?: number, end?: number): Tensor;
    /** The axes in another order. */
    permute(...dims: number[] | [readonly number[]]): Tensor;
    /** Two axes exchanged. */
    transpose(dim0: number, dim1: number): Tensor;
    /** A matrix, rows and columns exchanged. */
    t(): Tensor;
    /** Without an axis of size 1. */
    squeeze(dim: number): Tensor;
    /** With a new axis of size 1. */
    unsqueeze(dim: number): Tensor;
    /** Axes of size 1 repeated, new ones in front. */
    broadcastTo(...shape: number[] | [readonly number[]]): Tensor;
    /** From `start` to before `stop` along an axis, every `step`-th. */
    slice(dim: number, start: number, stop: number, step?: number): Tensor;
    /** One index of an axis, which goes away. */
    select(dim: number, index: number): Tensor;
    /** Index `index` of the first axis: `images.at(0)`. */
    at(index: number): Tensor;
    /** Axes backwards. */
    flip(dims: Dims): Tensor;
    /** So many copies along each axis. */
    repeat(...counts: number[] | [readonly number[]]): Tensor;
    /** Values around the last axes: `[[before, after], …]`, one pair an axis. */
    pad(widths: readonly (readonly [before: number, after: number])[], mode?: "constant" | "reflect" | "replicate" | "circular", value?: number): Tensor;
    /** Without what stands above a diagonal. */
    tril(diagonal?: number): Tensor;
    /** Without what stands below a diagonal. */
    triu(diagonal?: number): Tensor;
    /** The matrix product; leading axes broadcast. */
    matmul(other: Tensor): Tensor;
    /** The inner product of two vectors. */
    dot(other: Tensor): Tensor;
    /** The outer product of two vectors. */
    outer(other: Tensor): Tensor;
    /** Cross-correlation of images [N, C, H, W] with a weight [O, C/groups, KH, KW], plus a bias [O]. */
    conv2d(weight: Tensor, bias?: Tensor, options?: ConvOptions): Tensor;
    /** The maximum of every window of images [N, C, H, W]. */
    maxPool2d(options?: PoolOptions): Tensor;
    /** The mean of every window of images [N, C, H, W]. */
    avgPool2d(options?: PoolOptions & {
        countIncludePad?: boolean;
    }): Tensor;
    /** The same, and where in its plane each maximum is (i32), for `maxUnpool2d`. */
    maxPool2dWithIndices(options?: PoolOptions): {
        values: Tensor;
        indices: Tensor;
    };
    /** Each value at its index in a plane of zeros [height, width]. */
    maxUnpool2d(indices: Tensor, size: readonly [number, number]): Tensor;
    /** Means of as many bins of images [N, C, H, W] as the size says. */
    adaptiveAvgPool2d(size: Pair): Tensor;
    /** Images [N, C, H, W] at a size, or times a scale. */
    resize(options: {
        size?: Pair;
        scale?: Pair;
        mode?: "nearest" | "bilinear" | "bicubic";
        alignCorners?: boolean;
    }): Tensor;
    /** Elements along an axis by an index (i32) of the result's shape. */
    gather(dim: number, index: Tensor): Tensor;
    /** Slices along an axis by a list of indices (i32). */
    indexSelect(dim: number, index: Tensor): Tensor;
    /** Elements by their flat positions (i32). */
    take(index: Tensor): Tensor;
    /** Whole numbers as vectors with a single 1. */
    oneHot(classes: number): Tensor;
    /** The same value, through which no gradient passes. */
    detach(): Tensor;
    /**
     * The gradients of this number for each of `wrt`. A tensor with more elements needs a `seed` of its shape: then it is
     * the gradient of the sum of this · seed. Gradients are tensors like any other and have gradients again.
     */
    grad(wrt: Tensor, seed?: Tensor): Tensor;
    grad(wrt: readonly Tensor[], seed?: Tensor): Tensor[];
    /** The values, for the eye. */
    [DISPLAY](): Promise<LiveDisplay>;
    /** A tensor has no value that JavaScript could compute or decide with: `x > 1` and `x + 1` are mistakes. */
    [Symbol.toPrimitive](hint: string): string;
    toString(): string;
}
/** Tensors as one argument of the module. */
export declare function list(context: Context, tensors: readonly Tensor[]): import("../pkg/graph/gradbook").TensorList;

// threads.d.ts
/** What a helper is started with. */
export interface ToHelper {
    module: WebAssembly.Module;
    memory: WebAssembly.Memory;
}
/** Its answer. */
export type FromHelper = "ready";
/** As many threads as the machine has, up to a sensible number. */
export declare function defaultThreads(): number;
/**
 * Whether threads can share memory here: the page is cross-origin isolated, and this is a worker, since a page may not
 * wait for one.
 */
export declare function canShareMemory(): boolean;
/** Starts helpers from the script in the folder; gives how many came up, which the device then says of itself. */
export declare function startHelpers(base: URL, start: ToHelper, count: number): Promise<number>;

// tuning.d.ts
import type { Gpu } from "../pkg/gpu/gradbook.js";
/**
 * Gives a GPU that has just been opened the tilings that were found the fastest on it. Where they are not known yet they are measured,
 * which takes some hundreds of ms; not on a program on the CPU, whose usual ones are known. `base` is the folder of the site.
 */
export declare function tune(gpu: Gpu, base: URL): Promise<void>;

// weights.d.ts
import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Context } from "./context.ts";
import { Tensor } from "./tensor.ts";
/** Options of saving. */
export interface SaveOptions {
    /** What the file says besides the tensors, by name (safetensors only). */
    metadata?: Readonly<Record<string, string>>;
    /** Whether numbers with a fraction take 16 bits, and not 32; no. */
    half?: boolean;
}
/** What a file holds. */
export interface TensorFile {
    /** The tensors by name; those of 64 bits are rounded to 32, small integers are i32. */
    tensors: Record<string, Tensor>;
    /** What else it says. */
    metadata: Record<string, string>;
}
/** The reader's own files of tensors. */
export interface Files {
    /** Writes tensors under a name such as "features.safetensors" or "features.npz", in place of what was there. */
    save(name: string, tensors: Readonly<Record<string, Tensor>>, options?: SaveOptions): Promise<Saved>;
    /** Reads a file that was saved, or added under Files: safetensors, npz or npy. */
    load(name: string): Promise<TensorFile>;
    /** What files there are. */
    list(): Promise<FileEntry[]>;
}
/** A file of the reader's. */
export interface FileEntry {
    name: string;
    /** Its size. */
    bytes: number;
}
export declare function files(context: Context): Files;
/** A file that was written. */
export declare class Saved {
    /** Its name. */
    readonly name: string;
    /** Its size. */
    readonly bytes: number;
    /** How many tensors are in it. */
    readonly tensors: number;
    toString(): string;
    [DISPLAY](): LiveDisplay;
}
