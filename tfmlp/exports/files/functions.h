/* One function for each kind of operation; those that predict() does not call take no memory. */

static inline void predict_scale(float *x, int count)
{
    int i;
    for (i = 0; i < count; i++)
        x[i] /= 255.0f;
}

/* The step is 1 where each feature has a mean of its own, 0 where all share one. */
static inline void predict_standardize(float *x, const float *mean, const float *deviation,
                                       int step, int count)
{
    int i;
    for (i = 0; i < count; i++)
        x[i] = (x[i] - mean[i * step]) / deviation[i * step];
}

/* Subtracts the mean, and returns the variance; sums are double, as they may be long. */
static inline float predict_center(float *x, int count)
{
    double sum = 0.0, squares = 0.0;
    int i;
    for (i = 0; i < count; i++)
        sum += (double)x[i];
    for (i = 0; i < count; i++) {
        x[i] = (float)((double)x[i] - sum / count);
        squares += (double)x[i] * (double)x[i];
    }
    return (float)(squares / count);
}

static inline void predict_per_image(float *x, int count)
{
    float deviation = sqrtf(predict_center(x, count)), least = 1.0f / sqrtf((float)count);
    int i;
    if (deviation < least)
        deviation = least;
    for (i = 0; i < count; i++)
        x[i] /= deviation;
}

static inline void predict_layer_norm(float *x, const float *gamma, const float *beta,
                                      float epsilon, int units)
{
    const float inverse = 1.0f / sqrtf(predict_center(x, units) + epsilon);
    int i;
    for (i = 0; i < units; i++)
        x[i] = x[i] * inverse * gamma[i] + beta[i];
}

/* y = x * kernel + bias, the kernel by rows; inputs of zero are passed over. */
static inline void predict_dense(const float *x, int inputs, const float *kernel,
                                 const float *bias, float *y, int units)
{
    int i, j;
    for (j = 0; j < units; j++)
        y[j] = bias[j];
    for (i = 0; i < inputs; i++, kernel += units) {
        const float value = x[i];
        if (value == 0.0f)
            continue;
        for (j = 0; j < units; j++)
            y[j] += value * kernel[j];
    }
}

static inline float predict_relu(float x)
{
    return x > 0.0f ? x : 0.0f;
}

static inline float predict_leaky_relu(float x, float slope)
{
    return x > 0.0f ? x : slope * x;
}

static inline float predict_tanh(float x)
{
    return tanhf(x);
}

static inline float predict_sigmoid(float x)
{
    const float e = expf(-fabsf(x)); /* never overflows */
    return (x >= 0.0f ? 1.0f : e) / (1.0f + e);
}

static inline float predict_elu(float x)
{
    return x > 0.0f ? x : expm1f(x);
}

static inline float predict_gelu(float x)
{
    return 0.5f * x * (1.0f + erff(x * 0.707106781f));
}

static inline float predict_selu(float x)
{
    return 1.05070099f * (x > 0.0f ? x : 1.67326324f * expm1f(x));
}

static inline float predict_swish(float x)
{
    return x * predict_sigmoid(x);
}

static inline void predict_values(const float *x, float *outputs, int count)
{
    int i;
    for (i = 0; i < count; i++)
        outputs[i] = x[i];
}

static inline void predict_softmax(const float *x, float *outputs, int count)
{
    float most = x[0], sum = 0.0f;
    int i;
    for (i = 1; i < count; i++)
        most = x[i] > most ? x[i] : most;
    for (i = 0; i < count; i++)
        sum += outputs[i] = expf(x[i] - most);
    for (i = 0; i < count; i++)
        outputs[i] /= sum;
}

/* Each output's share in the sum of those above zero; softmax where none is. */
static inline void predict_shares_of(const float *x, float *outputs, int count)
{
    float sum = 0.0f;
    int i;
    for (i = 0; i < count; i++)
        sum += outputs[i] = outputs[i] > 0.0f ? outputs[i] : 0.0f;
    if (sum <= 0.0f)
        predict_softmax(x, outputs, count);
    else
        for (i = 0; i < count; i++)
            outputs[i] /= sum;
}

static inline void predict_shares(const float *x, float *outputs, int count)
{
    predict_values(x, outputs, count);
    predict_shares_of(x, outputs, count);
}

static inline void predict_sigmoid_shares(const float *x, float *outputs, int count)
{
    int i;
    for (i = 0; i < count; i++)
        outputs[i] = predict_sigmoid(x[i]);
    predict_shares_of(x, outputs, count);
}
