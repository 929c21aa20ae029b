"""The texts of causes: one template for each cause, or for each of its variants.

A key is the cause's name, or its name and a variant: "batch_size/too_large".
"""

from tfmlp.checks.net_texts import NET_TEXTS

TEXTS = NET_TEXTS | {
    # Shapes and values
    "missing": "there is no gradient",
    "not_finite": "the gradient has {count} entries that are NaN or infinite",
    "not_finite/derivative": "the derivative is NaN or infinite somewhere",
    "zero": "the gradient is all zeros; the loss does depend on this parameter",
    "shape": "the gradient has the shape {given}, the parameter {expected}",
    "shape/function": "the {what} of an array of shape {expected} has the shape {given}",
    "unreduced_bias": (
        "the gradient has the shape {given}, the parameter {expected}: it is not summed over the"
        " examples"
    ),
    "unreduced_bias/axis": (
        "the gradient has the shape {given}, with one entry for each example; {reduced} over axis"
        " {axis}, it is right"
    ),
    "transposed": "the gradient is transposed: entry (i, j) holds what belongs to (j, i)",
    "transposed/right": (
        "the gradient has the shape {given}, transposed to the parameter's {expected}; transposed,"
        " it is right"
    ),
    "transposed/wrong": (
        "the gradient has the shape {given}, transposed to the parameter's {expected}, and its"
        " numbers are wrong, too"
    ),
    "wrong_axis": (
        "the gradient has the shape {given}, the parameter {expected}: it is summed over the wrong"
        " axis"
    ),
    "wrong_axis/one": (
        "only {name} is wrong: it is summed over the wrong axis, or not over all examples"
    ),
    "wrong_axis/biases": (
        "the kernels are right, and {names} wrong: summed over the wrong axis, or not over all"
        " examples"
    ),
    "wrong_axis/softmax": (
        "the softmax sums to one over the wrong axis: the probabilities of every example must sum"
        " to one"
    ),
    "penalty": (
        "{factor:.3g} times the weights are {word}: the penalty (weight decay) in the loss and the"
        " one in the gradient do not match"
    ),
    "entries": "only some entries are wrong, {entries}; the others are right",
    "clipped": "entries are clipped at {limit:.4g}; the others are right",
    # Factors
    "sign": "{what} has the wrong sign",
    "sign/step": (
        "the step goes up the loss: it adds the gradient, or the gradient has the wrong sign"
    ),
    "sign/factor_2": "{what} has the wrong sign, and is off by a factor of 2",
    "batch_size/too_large": (
        "{what} is {ratio:g} times what it should be: it must be divided by the batch size"
        " {batch}{besides}"
    ),
    "batch_size/too_small": (
        "{what} is {batch} times too small{besides}: it is divided by the batch size once too"
        " often, or the loss is a sum"
    ),
    "batch_size/features": (
        "{what} is {ratio:g} times what it should be: it is divided by {features}, the number of"
        " features, where it must be by {batch}, the number of examples"
    ),
    "batch_size/maybe_too_large": (
        "{what} is {ratio:.0f} times what it should be: if that is the number of examples, divide"
        " by it"
    ),
    "batch_size/maybe_too_small": (
        "{what} is {inverse:.0f} times too small: if that is the number of examples, it is divided"
        " by it once too often"
    ),
    "factor_2": (
        "{what} is {ratio:g} times what it should be: a factor of 2, as from the derivative of a"
        " square"
    ),
    "outputs": (
        "{what} is {ratio:g} times what it should be: the loss takes a mean or a sum over the"
        " {outputs} outputs"
    ),
    "outputs/axis": (
        "{what} is {ratio:g} times what it should be: loss and gradient take means over different"
        " axes, the {outputs} outputs and the {batch} examples"
    ),
    "learning_rate": (
        "{what} is {ratio:g} times what it should be: it looks multiplied by a learning rate"
        " already"
    ),
    "learning_rate/batch_size": (
        "{what} is {ratio:g} times what it should be: a learning rate of {rate:g} and the batch"
        " size {batch} would explain that"
    ),
    "scaled": "{what} is {ratio:.6g} times what it should be",
    # Conventions: no errors
    "convention": (
        "all gradients are {ratio:g} times those of the loss: beside it they are {meaning}, which"
        " the learning rate takes up"
    ),
    "convention/factor": (
        "all gradients are {ratio:.6g} times those of the loss; the learning rate takes that up"
    ),
    "convention/rate": "right, if the learning rate is {rate:.6g}",
    "convention/rate_and": (
        "right, if the learning rate is {rate:.6g} and the gradient, beside the loss, is {meaning}"
    ),
    # Derivatives of activations
    "mask": (
        "the mask{place} is missing: a {hidden} passes the gradient only where its input was above"
        " 0"
    ),
    "mask/derivative": (
        "the derivative is the same on both sides of 0: the mask is missing (it must look at the"
        " input, not at the output, which is never below 0)"
    ),
    "mask/incoming": (
        "the mask{place} looks at the sign of the gradient that comes in; a {hidden} passes it"
        " where its own input was above 0"
    ),
    "mask_inverted": "the mask{place} is the wrong way round",
    "mask_inverted/derivative": "the two sides of 0 are exchanged",
    "slope": "the derivative{place} leaves out the negative slope: below 0 it is not 0",
    "slope/derivative": "the derivative is right above 0, and wrong below it",
    "slope/value": (
        "the derivative{place} below 0 is {slope:g}, and that is not the one of {hidden}"
    ),
    "no_derivative": "the derivative of {hidden}{place} is left out",
    "no_derivative/derivative": "it is 1 everywhere: the derivative is left out",
    "derivative_of_output": (
        "the derivative of {hidden}{place} is taken at the layer's output instead of its input:"
        " {hidden} is applied twice"
    ),
    "derivative_of_input": (
        "the derivative of {hidden}{place} is written in terms of its output, and is given its"
        " input ({formula})"
    ),
    "derivative_of_input/derivative": (
        "it is written in terms of the function's output, and is given its input"
    ),
    "wrong_derivative/somebody": (
        "the derivative{place} is the {other}'s, {formula}; the activation is {hidden}"
    ),
    "wrong_derivative/nobody": (
        "the derivative{place} is written as {formula}, and that is not the one of {hidden}"
    ),
    "wrong_derivative/other": "the derivative{place} is the {other}'s; the activation is {hidden}",
    "wrong_derivative/added": (
        "the derivative{place} is added to the gradient; it must be multiplied by it"
    ),
    "wrong_derivative/named": "it is the derivative of {name}",
    "wrong_derivative/formula": "it is {formula}, where z is the input and a the function's value",
    "function_for_derivative": (
        "the activation{place} itself stands where its derivative should be"
    ),
    "function_for_derivative/z": "the layer's input z stands where the derivative{place} should be",
    "function_for_derivative/derivative": "it returns the function itself",
    "derivative_twice": "the derivative{place} is multiplied in twice",
    "derivative_twice/derivative": "the derivative is squared, or it is its square root",
    "wrong_layer/derivative": (
        "the derivative{place} is taken of the numbers of {other}; it must be of its own layer's"
    ),
    "wrong": "the derivative differs from the central differences of the function",
    "wrong/softmax": "it differs from exp(x) / sum(exp(x))",
    # Softmax and dropout
    "not_normalized": (
        "the probabilities do not sum to one: those of the first example sum to {total:.6g}"
    ),
    "overflow": (
        "inputs of 1000 give NaN: exp overflows; subtract each example's largest entry first, which"
        " changes nothing else"
    ),
    "no_dropout": "in training it drops {percent:g} % of the units",
    "train_flag": "it drops units at inference, too",
    "mean": (
        "the mean is {trained:.3f} in training and {inferred:.3f} at inference: divide what is kept"
        " by the keep probability"
    ),
}
