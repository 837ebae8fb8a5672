// The worker in which Gradbook computes, on the page's behalf.

import { createGradbook } from "/gradbook/npm/index.js";
import { answerOrders } from "../../web/bench/ours/remote.ts";

answerOrders(createGradbook);
