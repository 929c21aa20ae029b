"""The texts of causes that lie in a net: in its output and loss, or on the way back through it."""

NET_TEXTS = {
    # Output and loss
    "softmax_twice": "the Jacobian of softmax is applied twice: p - t already contains it",
    "softmax_left_out": (
        "the Jacobian of softmax is left out: the loss's gradient by the probabilities is used as"
        " if it were by the logits"
    ),
    "softmax_left_out/loss": "the gradient is that of probabilities; the loss takes logits",
    "softmax_diagonal": (
        "softmax is differentiated as p * (1 - p), which is only the diagonal of its Jacobian:"
        " every probability depends on every logit"
    ),
    "output_derivative_missing": "the derivative of the output's {output} is left out",
    "output_derivative_twice": "the derivative of the output's {output} is multiplied in twice",
    "output_derivative_twice/formula": (
        "p - t is multiplied by p * (1 - p): with {loss}, the derivative of {output} is already in"
        " it"
    ),
    "loss_mismatch": "the gradient is that of cross-entropy, p - t; the loss is {loss}",
    "loss_mismatch/difference": (
        "the gradient is outputs - targets, which is right for the logits of a softmax and for"
        " squares; this loss takes probabilities"
    ),
    "loss_mismatch/logits": (
        "the gradient is softmax(outputs) - targets, of a loss that takes logits; this loss does"
        " not"
    ),
    "loss_mismatch/binary": (
        "the gradient is p - t, that of binary cross-entropy; the loss leaves out the term"
        " (1 - t) log(1 - p)"
    ),
    "loss_mismatch/squares": "the gradient is that of squares; the loss is {loss}",
    "loss_mismatch/not_squared": (
        "the gradient is that of squares; the loss adds the differences without squaring them"
    ),
    "loss_gradient/exchanged": (
        "the denominators of the gradient of binary cross-entropy are exchanged; they must be"
        " -t / p + (1 - t) / (1 - p)"
    ),
    "loss_gradient/logits": (
        "the targets are subtracted from the logits; it must be from the outputs, after their"
        " activation"
    ),
    "loss_gradient/no_targets": "the targets are not subtracted from the outputs",
    "loss_gradient/targets": "the outputs are left out of p - t: only the targets are there",
    "loss_gradient/ones": (
        "1 is subtracted from every output; it must be from the true class's alone"
    ),
    "loss_gradient/half": "only the examples and outputs whose target is 1 count",
    "loss_gradient/true_only": (
        "p - t is taken at the true class alone; the other outputs have gradients, too"
    ),
    "loss_gradient/rounded": "the targets are subtracted from rounded outputs",
    "loss_gradient/largest": (
        "the targets are subtracted from the predicted class; it must be from the probabilities"
    ),
    "loss_gradient/terms": (
        "the two terms of the gradient of binary cross-entropy have the same sign; they must have"
        " different ones: -t / p + (1 - t) / (1 - p)"
    ),
    "loss_gradient/absolute": "the difference of outputs and targets has lost its sign",
    "loss_gradient/loss": "the squared difference itself stands where its derivative should be",
    "loss_gradient/sign": "only the sign of the difference of outputs and targets is taken",
    "loss_gradient/sum": "the targets are added to the outputs; they must be subtracted",
    "loss_gradient/averaged": (
        "the gradient is averaged over the examples before it is multiplied by their inputs"
    ),
    "loss_gradient/shifted": "outputs and targets belong to different examples: shifted by one",
    # The way back through the layers
    "preactivation": (
        "the gradient of a kernel multiplies by the layer's input before its activation, z; it"
        " must be after it"
    ),
    "preactivation/one": (
        "the gradient of {name} multiplies by the layer's input before its activation, z; it must"
        " be after it"
    ),
    "wrong_input": (
        "the gradient of {name} multiplies by {what}; it must be by the layer's own input"
    ),
    "wrong_input/left_out": "the gradient of {name} is not multiplied by the layer's input",
    "wrong_input/stale": (
        "the gradient of {name} multiplies by the inputs of other examples: shifted by one"
    ),
    "wrong_input/absolute": "the gradient of {name} has lost its signs",
    "wrong_input/kernel": "the gradient of {name} is multiplied by {name} itself",
    "wrong_delta": (
        "the gradient of {name} takes the error of layer {other}; it must be its own layer's"
    ),
    "wrong_delta/back": (
        "what goes back through {name} is the gradient by the layer's output; it must be multiplied"
        " by the activation's derivative first"
    ),
    "wrong_delta/units": (
        "what goes back is the error summed over the units, and not multiplied by {name}"
    ),
    "wrong_delta/summed": "what goes back through {name} is summed over the examples",
    "before_derivative": (
        "the gradient of {names} takes the error before it is multiplied by the activation's"
        " derivative"
    ),
    "product_of_means": (
        "the gradient of {names} multiplies averages; each example must be multiplied first, and"
        " then they are added"
    ),
    "reshaped": "the gradient of {names} is reshaped where it must be transposed",
    "bias/total": (
        "the gradient of {name} is one number, summed over everything; it must be summed over the"
        " examples alone"
    ),
    "bias/mean": "the gradient of {name} is a mean over the examples; it must be their sum",
    "bias/total_mean": (
        "the gradient of {name} is one number, a mean over everything; it must be summed over the"
        " examples alone"
    ),
    "bias/units_mean": (
        "the gradient of {name} is one number, averaged over the units; it must be summed over the"
        " examples alone"
    ),
    "bias/units": "the gradient of {name} is summed over the units; it must be over the examples",
    "bias/kernel": (
        "the gradient of {name} is that of the kernel, summed; it must be the error, summed over"
        " the examples"
    ),
    "bias/times": "the gradient of {name} is multiplied by the bias itself",
    "bias/ones": "the gradient of {name} is 1; it must be the error, summed over the examples",
    "bias/absolute": "the gradient of {name} is a sum without signs",
    "stale_activations": (
        "activations and gradients belong to different examples: they are shifted by one"
    ),
    "stale_activations/one": (
        "only {name} is wrong, its bias {bias} is right: the layer's input that it is multiplied by"
        " is not that of this forward pass (stale, or of another layer)"
    ),
    "stale_activations/kernels": (
        "the biases are right, and {names} wrong: the layers' inputs that they are multiplied by"
        " are not those of this forward pass"
    ),
    "stale_cache": (
        "the first gradient is right, the second is wrong: something is kept from an earlier"
        " forward pass"
    ),
    "untransposed": "the gradient goes back through W instead of W transposed",
    "wrong_kernel": "the gradient goes back through {other}; it must be through {name}",
    "wrong_kernel/left_out": "the gradient goes back without being multiplied by {name}",
    "wrong_kernel/row": (
        "the error{place} is cut off at the wrong end: the bias of the layer above is at the other"
        " end of its kernel"
    ),
    "wrong_kernel/gradient": (
        "the gradient goes back through the gradient of {name}; it must be through {name} itself"
    ),
    "one_example": "only the {which} example of the batch counts",
    "one_example/one": "only the {which} example of the batch counts in the gradient of {name}",
    "detached": (
        "no gradient reaches {names}: it is all zeros from there down, and the loss does depend on"
        " them"
    ),
    "updated_weights": (
        "the weights{place} were already updated (learning rate {rate:.3g}) when the gradient went"
        " back through them"
    ),
    "layer": (
        "from {above} upwards everything is right, from {below} down it is wrong: the error is in"
        " the step from the one to the other (the activation's derivative, or the product with the"
        " kernel above)"
    ),
    "one_kernel": "only {name} is wrong",
    "output": (
        "the error is there from {name}, the last, downwards: it begins with the loss's gradient or"
        " with the output's derivative"
    ),
    "output/mixed": (
        "{wrong} are wrong and {right} right: the error is in the gradients of these parameters"
        " themselves, and not on the way back"
    ),
    "small": (
        "no gradient is off by more than {percent:.2g} % of its largest entry: an epsilon in the"
        " logarithm of the loss would explain that, and no mistake is known that would"
    ),
}
